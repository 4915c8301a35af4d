<#
.SYNOPSIS
  Gives privacybot access to one mailbox of this tenant, and to no other.

.DESCRIPTION
  1. Registers an app in Entra with a self-signed certificate (no consent to Mail.* is given there: rights are the union
     of Entra and Exchange, and one unscoped consent would open every mailbox).
  2. Tells Exchange about the app and gives it "Application Mail.ReadWrite" and "Application Mail.Send" for the one
     mailbox (RBAC for Applications; it replaces application access policies).
  3. Tests the scope: the mailbox must say True, another one False.

  Run it as a member of Organization Management who also has the Entra roles Application Administrator and Exchange
  Administrator. Needs the modules Microsoft.Graph.Applications and ExchangeOnlineManagement, and openssl for the PEM.
  It may take 30 minutes to 2 hours until Exchange's cache knows the new rights. Running it again changes nothing twice.

.EXAMPLE
  ./microsoft365.ps1 -Mailbox info@lesseausoap.com -OtherMailbox directie@lesseausoap.com -Folder ./privacybot
#>
param(
    [Parameter(Mandatory)] [string] $Mailbox,
    [Parameter(Mandatory)] [string] $OtherMailbox,
    [string] $Folder = ".",
    [string] $AppName = "privacybot",
    [int] $CertificateDays = 365
)
$ErrorActionPreference = "Stop"
$scopeName = "$AppName-" + ($Mailbox -replace "[^a-zA-Z0-9]", "-")
New-Item -ItemType Directory -Force -Path $Folder | Out-Null
$pem = Join-Path $Folder "privacybot.pem"
$cer = Join-Path $Folder "privacybot.cer"

# --- 1. the app and its certificate ---------------------------------------------------------------------------------
Connect-MgGraph -Scopes "Application.ReadWrite.All" -NoWelcome
if (-not (Test-Path $pem)) {
    $key = Join-Path $Folder "privacybot.key"
    openssl req -x509 -newkey rsa:3072 -nodes -sha256 -days $CertificateDays -subj "/CN=$AppName" -keyout $key -out $cer
    if ($LASTEXITCODE -ne 0) { throw "openssl could not make the certificate" }
    Get-Content $key, $cer | Set-Content $pem
    Remove-Item $key
}
$certificate = [System.Security.Cryptography.X509Certificates.X509Certificate2]::CreateFromPemFile($pem)
$app = Get-MgApplication -Filter "displayName eq '$AppName'" | Select-Object -First 1
if (-not $app) {
    $app = New-MgApplication -DisplayName $AppName -SignInAudience "AzureADMyOrg" -KeyCredentials @(
        @{ Type = "AsymmetricX509Cert"; Usage = "Verify"; Key = $certificate.RawData; DisplayName = $AppName }
    )
}
$principal = Get-MgServicePrincipal -Filter "appId eq '$($app.AppId)'" | Select-Object -First 1
if (-not $principal) { $principal = New-MgServicePrincipal -AppId $app.AppId }

# --- 2. the one mailbox ---------------------------------------------------------------------------------------------
Connect-ExchangeOnline -ShowBanner:$false
# Both ids are those of Enterprise applications; the object id on App registrations is another object.
if (-not (Get-ServicePrincipal | Where-Object AppId -eq $app.AppId)) {
    New-ServicePrincipal -AppId $app.AppId -ObjectId $principal.Id -DisplayName $AppName | Out-Null
}
if (-not (Get-ManagementScope | Where-Object Name -eq $scopeName)) {
    New-ManagementScope -Name $scopeName -RecipientRestrictionFilter "PrimarySmtpAddress -eq '$Mailbox'" | Out-Null
}
foreach ($role in "Application Mail.ReadWrite", "Application Mail.Send") {
    $there = Get-ManagementRoleAssignment -Role $role -RoleAssigneeType ServicePrincipal -ErrorAction SilentlyContinue |
        Where-Object { $_.App -eq $principal.Id -and $_.CustomResourceScope -eq $scopeName }
    if (-not $there) {
        New-ManagementRoleAssignment -App $principal.Id -Role $role -CustomResourceScope $scopeName | Out-Null
    }
}
# A copy of what colleagues send as the mailbox belongs in its Sent Items: the bot looks there.
Set-Mailbox $Mailbox -MessageCopyForSentAsEnabled $true -MessageCopyForSendOnBehalfEnabled $true

# --- 3. the proof ---------------------------------------------------------------------------------------------------
$inside = Test-ServicePrincipalAuthorization -Identity $principal.Id -Resource $Mailbox
$outside = Test-ServicePrincipalAuthorization -Identity $principal.Id -Resource $OtherMailbox
$inside + $outside | Format-Table RoleName, GrantedPermissions, AllowedResourceScope, InScope
if ($inside.InScope -contains $false) { throw "$Mailbox is not in scope: check the filter of $scopeName" }
if ($outside.InScope -contains $true) { throw "$OtherMailbox is in scope too: check the filter of $scopeName" }
$consents = Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id
if ($consents) { Write-Warning "The app has consents in Entra as well. Remove every Mail.* consent there, or the scope is void." }

Write-Host "Put these into settings.toml, [mailbox]:"
Write-Host "  tenant_id = `"$((Get-MgContext).TenantId)`""
Write-Host "  client_id = `"$($app.AppId)`""
Write-Host "  client_certificate = `"$pem`""
Write-Host "  secret_expires = $($certificate.NotAfter.ToString('yyyy-MM-dd'))"
Write-Host "  scope_check = `"$OtherMailbox`""
Write-Host "Then: privacybot doctor"
