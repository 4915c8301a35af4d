"""The only code that speaks to Microsoft Graph."""
