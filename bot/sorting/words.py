"""The words of the field in four languages, each under one concept, and a mail read as sentences of concepts.

Rules and model both speak of concepts (DELETE, DATA, MINE), not of words: a rule written once then holds for Dutch,
English, German and French, and in any word order. An entry ending in * is the beginning of a word, one starting with *
the end of a compound; an entry with _ is a phrase that begins with a whole word, in which a lone * skips up to six
words. Everything is lower case without accents, hyphens or apostrophes.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

# fmt: off
CONCEPTS: Mapping[str, str] = {
    "DATA": """
        gegeven gegevens gegevns gegeves gegvens persoonsgegevens persoonsgegeven persoongegevens klantgegevens
        contactgegevens adresgegevens accountgegevens bestelgegevens naw nawgegevens data persoonsdata klantdata
        info informatie klantinfo bestandjes persoonlijks details information infos datas personaldata mydata daten
        kundendaten nutzerdaten angaben kontaktdaten bestelldaten adressdaten informationen personendaten donnees
        coordonnees informations renseignements *gegevens *daten
    """,
    "RECORD": """
        profiel profielen klantprofiel dossier klantdossier klantenbestand klantbestand klantenkaart klantkaart
        klantenfiche fiche bestand bestanden systeem systemen administratie database databank computer computers
        kaartenbak adressenbestand lijst lijsten boekhouding klantenlijst adressenlijst crm profile profiles file
        files record records system systems databases datenbank kartei kundenkartei profil akte fichier fichiers
        systeme base archief archieven archives customer_record boeken klantenboek *dossier *bestand *administratie
        geheugen facebookpagina
    """,
    "ACCOUNT": """
        account accounts acount accountje klantaccount webshopaccount login inlog inlogaccount gebruikersaccount
        konto kundenkonto benutzerkonto nutzerkonto kundenkontos compte comptes registratie inschrijving
        lidmaatschap registration membership *account *accounts *konto
    """,
    "PERSONAL_ITEM": """
        naam achternaam voornaam adres email emailadres mailadres telefoonnummer nummer mobiel 06nummer gsmnummer
        gsm rekeningnummer bankrekeningnummer iban creditcard kaart betaalkaart geboortedatum verjaardag foto fotos
        huisnummer postcode woonplaats aanhef name surname address emailaddress phone phonenumber number birthday
        photo photos picture card bankdetails nachname vorname adresse emailadresse anschrift telefonnummer
        handynummer geburtsdatum bild nom prenom courriel telephone numero anniversaire carte straatnaam straat
        spelling geboortejaar geboortenaam geslacht voorletters titel aanspreekvorm aanspreking roepnaam meisjesnaam
        plaats huisnr telefoon telnr mobiele tel birth dob firstname lastname gender geschlecht geburtsjahr
        hausnummer strasse rue ville sexe voornamen achternamen adressen kaartgegevens verlanglijst verlanglijstje
        wishlist spelfout betaalstatus wanbetaler mailadressen toevoeging *adres *adressen *nummer *adresse
        naamplaatje 06 portret portretfoto portretten kenteken kentekens selfie pasfoto groepsfoto huisletter
        kennzeichen nummernschild plaque_d_immatriculation number_plate license_plate licence_plate portrait mijn_nr
        me_nr mn_nr my_number_plate zweiten_vornamen vornamen prenoms
    """,
    "REVIEW": """
        review reviews reviewtje beoordeling beoordelingen recensie recensies ervaring bewertung bewertungen
        rezension avis evaluation commentaire commentaar reactie webwinkelkeur webwinkelkeurpagina sterren
    """,
    "MINE": """
        mij mijn mn mijne me mezelf mijzelf ik wij ons onze my mine myself i we our us mich mir mein meine meiner
        meinen meinem meines mes mon moi nous notre nos uns unser unsere unserem unseren
    """,
    "HIS": """
        hem haar zijn diens client cliente clienten opdrachtgever betrokkene his her him their clients ihrer ihm ihn
        mandant mandanten mandantin mandantschaft lui zoon dochter moeder vader echtgenoot echtgenote partner oma
        opa kinderen zus broer daughter mother father husband wife child mutter vater sohn tochter mann frau mere
        pere fils fille enfant mari femme overledene verzekerde
    """,
    "ABOUT_ME": """
        over_mij over_me van_mij van_me van_ons over_ons over_mijn met_betrekking_tot_mij mij_betreffende
        mij_betreffen mij_betreft omtrent_mij inzake_mijn_persoon op_mijn_naam onder_mijn_naam hem_betreffende
        haar_betreffende about_me on_me of_mine relating_to_me concerning_me regarding_me about_us belonging_to_me
        related_to_me about_my_person uber_mich ueber_mich zu_mir zu_meiner_person uber_meine_person
        ueber_meine_person von_mir mich_betreffend* meine_person_betreffend* sur_moi me_concernant a_mon_sujet
        me_concernent a_mon_nom le_concernant la_concernant van_client* over_client* van_haar over_haar van_hem
        over_hem relating_to_our_client of_our_client unserer_mandant* zu_unserer_mandant* op_mij_betrekking
        betrekking_op_mij betrekking_heeft_op_mij van_mijn_persoon omtrent_mijn unter_meinem_namen relating_to_us
    """,
    "EVERYTHING": """
        alles allemaal alle de_hele_mikmak heel_de_boel de_hele_rataplan de_hele_rimram hele_handel alle_mogelijke
        elk_spoor ieder_spoor alle_sporen de_rest zaakje hele_zooi het_hele_spul spul spullen zooi everything all
        any anything every_trace the_lot every_bit whatever was_alles saemtliche samtliche samtlicher saemtlicher
        tout toute toutes tous l_ensemble ensemble hele_boel
    """,
    "ORDER": """
        bestelling bestellingen order orders ordertje bestelnummer ordernummer pakket pakje pakketje pakketten
        retour retourzending levering bezorging artikel artikelen product producten zending winkelmand winkelmandje
        winkelwagen mandje winkelwagentje parcel package delivery shipment basket cart item items products
        bestellung bestellungen paket lieferung warenkorb sendung ware commande commandes colis livraison article
        articles panier produit produits bon cadeaubon kortingscode kortingsbon voucher giftcard abonnement
        zeepabonnement abo subscription abonnements *bestelling *bestellingen garantievoorwaarden receipt workshop*
        assortiment
    """,
    "INVOICE": """
        factuur facturen rekening betaling betalingen incasso incassokosten aanmaning herinnering nota creditnota
        bedrag verzendkosten invoice invoices bill payment charge charges refund rechnung mahnung zahlung betrag
        facture paiement montant remboursement
    """,
    "NEWSLETTER": """
        nieuwsbrief nieuwsbrieven nieuwsbriefje newsletter newsletters mailinglijst mailinglist maillijst mailings
        mailing nieuwsmails nieuwsmail reclamemail reclamemails reclame reclames reclamepost reclamefolders
        aanbiedingsmails aanbiedingsmailtjes aanbiedingen aanbiedingenmail promotiemail promotiemails promoties
        marketing marketingmails marketingmail marketingberichten spamlijst verzendlijst promo promos promomails
        folders actiemails actiemail kortingsmails catalogus mailtjes werbung werbemails werbemail werbepost
        mailverteiler verteiler emailverteiler werbezwecke werbezwecken direktwerbung infolettre publicite
        publicites pub pubs prospection lettre_d_information lettres_d_information liste_de_diffusion mailing_list
        marketing_emails promotional_emails promotional_mails direct_marketing direct_mail advertising nieuwsbrie*
        reclame* appjes smsjes marketingsms wekelijkse_mail nieuws_brief digitale_krant klantenpanel proefpanel
        testpanel zomeractie acties kortingen commerciele newsletterabo dagelijkse_mail die_mails deze_mails
        die_mailtjes die_berichten those_emails these_emails promotional werbezusendung* offres_commerciales
        prospection_commerciale commerciale direct_marketingdoeleinden marketingdoeleinden directmarketing
        kortingsmail* *mailtjes *mailings *nieuwsbrief *reclame verzending verzendingen promo_mails promo_mail
        werbemail* ads offers aanbiedingsbrief* weekmail actiemail* wekelijkse_berichten newsletteranmeldung
        courriels_publicitaires mails_publicitaires offres nieuwsgroep updates infomail infomails
    """,
    "MAILS": """
        mails mail mailtjes mailtje emails emailtjes berichten bericht berichtjes sms smsjes appjes post verzoekjes
        verzoeken email messages message texts nachrichten courriels courriel
    """,
    "REVIEW_REQUEST": """
        reviewverzoek reviewverzoeken reviewverzoekjes reviewmail reviewmails reviewmailtjes reviewuitnodiging*
        beoordelingsverzoek* beoordelingsmail* enquete enquetes vragenlijst* klanttevredenheid*
        tevredenheidsonderzoek* ervaringsmails recensieverzoek* bewertungsanfrage* bewertungsmail* feedbackmail*
        feedbackverzoek* surveys survey review_request* review_mail* review_email* requests_for_review*
        vragen_om_een_review vraag_om_een_review vraag_om_een_beoordeling vragen_om_een_beoordeling
        verzoek_om_een_review verzoek_om_review* verzoekje_om_review* verzoeken_om_review* verzoekjes_om_review*
        invitations_to_review review_invite* demande_d_avis demandes_d_avis demandes_d_evaluation reviewverzoek*
        reviewmail* om_een_beoordeling een_review_achter ervaring_achter
    """,
    "CONSENT": """
        toestemming toestemmingen instemming akkoordverklaring consent consents einwilligung einwilligungen
        einverstandnis consentement consentements autorisation vinkje opt ingestemd ja_op akkoord akkoord_gaf
        gaf_toestemming permission akkoord_voor accord mon_accord zustimmung toestemmen tout_accepter
        alles_accepteren alles_geaccepteerd accept_all accepted_all alle_akzeptieren
    """,
    "COOKIE": """
        cookie cookies cookiebanner cookiemelding analytics trackers tracking pixel adblocker cookiemelding*
    """,
    "LAW": """
        avg gdpr dsgvo rgpd uavg privacywet privacywetgeving privacyrecht privacyrechten algemene_verordening
        privacyverordening dataprotection datenschutzgrundverordening privacyrechtelijk wbp data_protection_act
        data_protection_law* data_protection_regulation algemene_verordening_gegevensbescherming
        general_data_protection_regulation datenschutz_grundverordening reglement_general protection_des_donnees
        rechten_van_betrokkene* ccpa uk_gdpr gdpr_verzoek
    """,
    "PRIVACY": """
        privacy privacybeleid privacyverklaring privacystatement privacypolicy privacyreglement privacypagina
        datenschutz datenschutzerklarung datenschutzerklaerung confidentialite vie_privee beveiliging beveiligd
        verwerkersovereenkomst* verwerkingsregister verwerker verwerkers grondslag functionaris fg dpo ip ipadres
        ipadressen persoonsgegeven gdpr avg dsgvo rgpd privacyregels privacyzaken contactpersoon
    """,
    "POLICY": """
        privacybeleid privacyverklaring privacystatement privacypolicy privacytekst privacypagina voorwaarden
        datenschutzerklarung datenschutzerklaerung datenschutzhinweise privacy_policy privacy_statement
        privacy_notice politique_de_confidentialite privacy_beleid privacy_verklaring cookieverklaring cookiebeleid
    """,
    "DELETE": """
        verwijder verwijderd verwijdert verwijderen verwijdren verweideren verwijdering verwijderverzoek
        verwijderingsverzoek verwijderde verwijdere verwiider verwijer verwyder* wis wissen gewist wist wisverzoek
        wissing gegevenswissing schrap schrappen geschrapt schrapt uitwissen uitgewist vernietig vernietigen
        vernietigd vernietiging delete deleten deleted deletion deleting gedeletet gedelete deletet erase erased
        erasing erasure remove removed removal removing wipe wiped wiping purge purged purging expunge destroy
        destroyed scrub scrubbed opschonen opruimen uitvlakken losche loschen loschung geloscht loscht loesche
        loeschen loeschung geloescht loescht entfernen entfernt entfernung vernichten vernichtung effacer effacez
        efface effacees effacement effaces supprimer supprimez suppression supprime supprimees supprimes detruire
        destruction wegdoen wegsmijten weggooien wegmikken wegkieperen weghalen weghaalt wegpoetsen weggehaald
        weggegooid wegwerken verscheuren doorstrepen gooi_*_weg gooi_*_maar_weg gooien_*_weg haal_*_weg haalt_*_weg
        halen_*_weg haal_*_eraf halen_*_eraf haal_*_er_af mag_*_weg mag_weg mogen_weg mag_er_af mag_eraf moet_weg
        moeten_weg kan_weg mag_worden_weggehaald doe_*_weg doet_*_weg weg_ermee weg_met take_down taken_down
        get_rid_of haal_*_eruit haal_*_uit haalt_*_uit halen_*_uit haal_*_er_uit gehaald_uit uit_*_halen
        uit_het_systeem uit_jullie_systeem uit_uw_systeem uit_de_computer uit_uw_computer uit_uw_bestand*
        uit_jullie_bestand* uit_het_bestand uit_de_bestanden uit_de_administratie uit_uw_administratie
        uit_jullie_administratie uit_jullie_database uit_uw_database uit_uw_klantenbestand uit_jullie_klantenbestand
        uit_jullie_boeken uit_de_boeken out_of_your_system* off_your_system* from_your_system* from_your_records
        off_your_records from_your_database off_your_books take_me_off aus_ihrem_system aus_ihrer_datenbank
        aus_ihrer_kartei de_vos_fichiers de_votre_base de_votre_systeme verwijd* prullenbak prullebak shredder
        doorgestreept offline raus eraf_gooien er_af_gooien kan_er_*_af er_toch_af uitwis* weg_kan uit_*_bestand*
        uit_*_systeem uit_*_computer uit_*_administratie uit_*_database aus_der_datenbank alles_weg weg_hoor
        echt_weg haal_*_af haal_*_daar_af haalt_*_af retirer retirez get_rid opkuisen wegsmijt wegdoet
        verwijderverzoek* wisverzoek* loschantrag loschersuchen loschungsantrag gegevenswissing* mogelijk_weg
        account_*_weg is_met_alles *vernietiger versnipper* vuilnisbak grofvuil eruit er_uit erop_uit de_deur_uit
        gaat_eraan ruim_*_op ruimt_*_op opgeruimd doorstreep streep_*_door opgedoekt opdoek* leeggooien gooi_*_leeg
        maak_*_leeg leegmaken verdwijn* verdwenen poets_*_uit uit_*_geheugen van_*_pagina_af van_de_site_gehaald
        van_*_facebook*_af van_*_website_af eraf_willen wegvagen uitgum* uitvegen uitvlak* uitboeken schoonvegen
        kwijtraken kwijt afvoer* vernietigt vernietig* scrap dispose disposed get_*_out_of take_*_off strike
        streich* streichen herausnehmen nehmen_sie_*_aus disparaitre subsiste detruis* weggedaan niet_langer_hebben
        niets_meer_*_te_vinden niets_meer_*_vindbaar nettoyer purger anonimiseer* anonymi* enlever enlevez enleve
        enleves haal_*_van_*_website haal_*_van_*_site haal_*_van_*_pagina haal_*_van_*_insta haalt_*_van_*_website
        haalt_*_van_*_site moet_er_*_uit mag_er_*_uit bin_the_lot bin_it bin_them bin_everything uit_*_boeken
        uit_*_boek uit_*_kaartenbak uit_*_adresboek uit_*_archief off_*_books out_of_*_books out_of_*_records
        off_*_records aus_*_kartei de_vos_registres
    """,
    "CLOSE": """
        opheffen ophef opgeheven opzeggen opzegging opgezegd zeg_op beeindigen beeindiging sluiten sluit gesloten
        afsluiten stopzetten stopgezet opdoeken deactiveren deactiveer close closing closure cancel terminate
        deactivate kundigen kuendigen schliessen schliesst auflosen cloturer fermer fermeture cloture resilier
        toedoen toe_doen dichtdoen dicht_doen shut_down hef_*_op heft_*_op heffen_*_op hef_op zet_*_stop dicht
        afsluit* beeindig* dicht_mag mag_dicht kan_dicht kan_worden_opgedoekt sluit* schliess* ferme* opzeg*
        ongedaan_maken klantschap
    """,
    "FORGET": """
        vergeet_mij mij_te_vergeten vergeet_me vergeetverzoek vergeten_te_worden recht_op_vergetelheid vergetelheid
        recht_om_vergeten recht_om_te_worden_vergeten vergeten_worden vergetelheidsverzoek right_to_be_forgotten
        be_forgotten forget_me forget_i_ever forget_that_i vergessenwerden vergessen_werden vergessen_sie_mich
        recht_auf_vergessen droit_a_l_oubli m_oublier oubliez_moi oublier_mes doe_alsof_ik_nooit doen_alsof_ik_nooit
        net_alsof_ik_nooit alsof_ik_nooit_heb_bestaan alsof_ik_er_nooit_ben_geweest nooit_klant_ben_geweest
        doe_of_ik_nooit mij_mogen_vergeten mogen_vergeten me_vergeten vergeet_mij* mij_*_vergeten vergeet_*_dat_ik
        vergeten_jullie_*_dat_ik forget_i_was forget_that_*_was forget_*_ever vergesst_mich oublie_moi
    """,
    "LEAVE": """
        geen_klant_meer geen_klant_meer_wil* geen_klant_meer_zijn klant_af niet_langer_klant no_longer_*_customer
        no_longer_wish_to_be_a_customer stop_being_a_customer not_a_customer_any* stop_als_klant als_klant_weg
        wil_weg_bij_jullie ben_weg_bij_jullie uitgeschreven_als_klant schrijf_mij_uit_als_klant
        uitschrijven_als_klant beeindigen klantrelatie kein_kunde_mehr nicht_mehr_kunde plus_client*
        ne_suis_plus_client* plus_etre_client* zeg_mijn_klant* hoef_geen_klant geen_account_meer wil_geen_account
        kom_niet_meer_terug niet_langer_*_klant no_longer_*_account klantrelatie_te_beeindigen klant_meer_bij
        beeindig_*_klantrelatie klantschap bedankt_als_klant stop_*_klant geen_gebruik_meer_van geen_gebruik_van
        kopen_niet_meer koop_niets_meer bestel_niet_meer bestel_nooit_meer bestellen_niet_meer not_interested
        no_more_business kaufe_nicht_mehr opzeggen_als_klant zeg_*_op_als_klant opzeg_als_klant klant_af_zijn
        cesse_d_etre_client
    """,
    "NOTHING_LEFT": """
        niets_meer_van_mij niks_meer_van_mij niets_meer_over_mij niks_meer_over_mij geen_gegevens_meer_van_mij
        niet_meer_in_jullie niet_meer_in_uw nergens_meer geen_spoor nergens_bij_jullie_geregistreerd
        niet_meer_geregistreerd niet_langer_geregistreerd niet_meer_bij_jullie_bekend niet_meer_bij_u_bekend
        niet_meer_in_jullie_systeem niet_meer_in_uw_systeem niet_bewaren niet_langer_bewaren niet_meer_bewaren
        niet_langer_opslaan niet_meer_opslaan stop_storing no_longer_store no_longer_keep not_keep_my
        nicht_langer_speichern nicht_mehr_speichern ne_plus_conserver niet_meer_hebben nothing_left_of keep_nothing
        uit_het_systeem helemaal_uit nicht_mehr_gespeichert nicht_langer_gespeichert niet_langer_te_bewaren
        niet_meer_te_bewaren niet_langer_te_*_bewaren niet_meer_dat_jullie_mij niet_meer_dat_u_mij
        nicht_mehr_bei_euch nicht_mehr_bei_ihnen niet_meer_in_de_computer niet_meer_geregistreerd_staan
        no_longer_wish_for_you_to_keep not_to_keep plus_etre_dans_vos mij_*_in_de_computer_hebben
        niet_langer_nodig_heeft nergens_meer_geregistreerd niets_meer_van niets_meer_te_vinden plus_rien
        niets_van_mij_meer nothing_about_me
    """,
    "SHOW": """
        inzage inzageverzoek inzagerecht inzien inkijken opvragen opvraag opvraging kopie kopieen kopietje afschrift
        afschriften uitdraai uitdraaien overzicht overzichtje rapport opsturen toesturen toezenden sturen stuur
        mailen mail zenden verstrekken verstrek laten_zien laat_zien laat_eens_zien tonen toon weten lezen uitleggen
        vertellen vertel inlichten opgeven opgave opsommen opsomming openheid lijstje access copy copies disclose
        disclosure provide send show tell see view list know overview obtain receive summary printout auskunft
        auskunftsersuchen datenauskunft selbstauskunft datenkopie einsicht mitteilen mitzuteilen zusenden ubersenden
        uebersenden erfahren sehen zeigen acces copie consulter savoir connaitre communiquer communication voir
        envoyer obtenir transmettre zien inzag terugkrijgen opzoeken furnish supply opsporen toekomen toe_te_zenden
        te_verstrekken bekijken schick schicken schickt ontvang ontvangen geven toe_te_sturen lijst inkijk*
        uittreksel print prints uitprinten afdruk voorleg* share geef gegeven lever leveren aanleveren verschaf*
        verschaffen stuurt doe_mij opgaaf opvraag* consulteren raadplegen ter_beschikking beschikbaar einsehen
        auflisten zeig* fournir fournissez transmettez indiquer lister
    """,
    "ACCESS_WORD": """
        inzage inzageverzoek inzageverzoekje inzagerecht avginzage gdpr_inzage dataverzoek sar dsar subject_access
        data_subject_access right_of_access access_request auskunftsersuchen auskunft datenauskunft selbstauskunft
        auskunftsrecht auskunftsanspruch droit_d_acces demande_d_acces recht_op_inzage recht_van_inzage
        verzoek_om_inzage verzoek_tot_inzage inzage_gevraagd gegevensverzoek inzien_in_mijn inzage_in see_my_file
        einsicht_in consulter_le_dossier fiche_client my_file mijn_dossier_inkijken klantdossier_inkijken
    """,
    "WHAT_DATA": """
        welke_gegevens welke_persoonsgegevens welke_informatie wat_voor_gegevens welke_data welke_info
        wat_voor_info* wat_jullie_van_mij wat_jullie_over_mij wat_u_van_mij wat_u_over_mij
        wat_jullie_allemaal_van_mij wat_jullie_allemaal_over_mij wat_er_over_mij wat_er_van_mij
        wat_er_allemaal_over_mij wat_er_allemaal_van_mij wat_*_over_mij wat_*_van_mij wat_van_mij wat_over_mij
        wat_weten_jullie wat_weet_u_van wat_weet_u_*_over wat_jullie_weten wat_bewaren_jullie_over_mij
        wat_ge_*_van_mij wat_ge_*_over_mij alles_wat_jullie_van_mij alles_wat_u_van_mij alles_wat_u_over_mij
        alles_wat_jullie_over_mij of_u_gegevens of_jullie_gegevens of_u_persoonsgegevens of_er_persoonsgegevens
        of_er_gegevens al_dan_niet_*_verwerkt al_dan_niet_verwerken what_data what_personal_data which_data
        which_personal_data what_information which_information what_info what_you_have_on_me what_you_know_about_me
        what_you_hold whether_you_process whether_or_not whether_my_personal_data data_you_hold data_you_have
        information_you_hold information_you_have everything_you_have_on_me all_you_have_on_me welche_daten
        welche_personenbezogenen welche_informationen was_sie_uber_mich was_ihr_uber_mich was_sie_ueber_mich
        was_uber_mich was_ueber_mich ob_sie_personenbezogene ob_daten ob_und_welche ob_personenbezogene
        quelles_donnees quelles_informations ce_que_vous_savez les_donnees_que_vous si_vous_traitez si_des_donnees
        what_do_you_have_on_me what_do_you_know_about_me ce_que_vous_avez wat_staat_er_*_over_mij
        wat_hebben_jullie_*_van_mij was_ihr_*_uber_mich was_sie_*_uber_mich wat_*_over_ons wat_*_van_me
        what_*_about_me what_*_on_me welke_persoonlijke welche_personlichen was_habt_ihr_*_uber_mich
        tout_ce_que_vous_avez wat_er_*_van_mij wat_er_*_over_mij wat_staat_er which_of_my what_of_mine
        welke_van_mijn welche_meiner lesquelles_de_mes
    """,
    "ACCESS_DETAIL": """
        verwerkingsdoel* bewaartermijn bewaartermijnen ontvangers ontvanger verwerkers bron herkomst doeleinden
        purposes recipients retention source sources zwecke verarbeitungszwecke empfanger empfaenger speicherdauer
        herkunft finalites destinataires duree origine categorieen categories kategorien logica logic waarvoor
        aan_wie met_wie naar_wie naar_welke_partijen welke_partijen welke_bedrijven with_whom who_you_shared
        who_you_share an_wen a_qui waar_*_vandaan hoe_komen_jullie_aan hoe_kom*_u_aan hoe_kom_je_aan where_you_got
        how_you_got woher_sie wo_sie_*_her d_ou wie_kan_erbij wie_*_gehad gegeven_aan aan_welke
    """,
    "WHENCE": """
        waar_*_vandaan hoe_komt_*_aan hoe_komen_*_aan hoe_kwam_*_aan hoe_kwamen_*_aan hoe_kom_je_aan hoe_kom_jij_aan
        hoe_komt_u_aan hoe_kom_*_u_aan hoe_zijn_*_aan_mijn wie_heeft_*_gegeven wie_gaf_*_mijn van_wie_heb*
        van_wie_*_gekregen van_wie_kreeg* woher_stamm* woher_kommt woher_kommen woher_habt woher_hast woher_haben
        von_wem_haben von_wem_habt how_did_you_get how_do_you_have how_come_you_have where_did_you_get
        where_did_*_come_from who_gave_you comment_avez_vous_eu comment_avez_vous_obtenu d_ou_viennent d_ou_vient
        d_ou_tenez qui_vous_a_donne
    """,
    "CORRECT": """
        corrigeer corrigeren gecorrigeerd correctie correcties verbeter verbeteren aanpassen aanpas aangepast wijzig
        wijzigen gewijzigd wijziging wijzigingen rectificatie rectificeren rectificeer rectificatieverzoek
        rechtzetten rechtgezet veranderen verander veranderd bijwerken bijgewerkt updaten update updated updating
        correct corrected correction rectify rectified rectification amend change changed changing fix berichtigen
        berichtigung berichtigt korrigieren korrigiert korrektur andern aendern geandert geaendert aktualisieren
        anderung aenderung richtigstellen rectifier corriger corrigez modifier modification changer mettre_a_jour
        actualiser mise_a_jour zet_*_recht pas_*_aan past_*_aan passen_*_aan werk_*_bij doorgeven doorgegeven
        vervangen vervang doorvoeren aanvullen aanvulling vervollstandigen completer complete aanpas* aangepas*
        wijzig* gewijzig* corriger* rectific* omzetten zet_*_om zetten_*_om goed_zetten goed_gezet recht_gezet
        recht_zetten verbeterd erin_zetten er_in_zetten erin zetten_*_neer zet_*_neer omgezet goedzetten
        terugdraaien berichtigung* fix_it voortaan_gebruiken zetten_jullie adreswijziging adreswissel overnemen
        overneemt verhelp* herstel* hersteld in_orde_maken in_orde_brengen noteren noteer genoteerd erbij_zetten
        doorvoer* inschrijven_op eintragen tragen_sie nachtragen ajouter_a zet_mij zo_in_het_systeem
        wilt_u_dat_verwerken verwerken_in amend* edit bijstellen recht_te_zetten goedmaken erop_zetten
        huisadres_gebruiken
    """,
    "WRONG": """
        fout foute fouten foutief foutieve onjuist onjuiste onjuistheid verkeerd verkeerde incorrect incorrecte
        klopt_niet kloppen_niet niet_juist niet_correct niet_kloppen niet_goed_gespeld verouderd verouderde
        achterhaald oude spelfout tikfout typefout typfout wrong misspelled misspelt mistake typo outdated
        inaccurate incorrectly old falsch falsche falschen fehlerhaft veraltet unrichtig unrichtige stimmt_nicht
        schreibfehler tippfehler errone erronee faux fausse inexact inexacte inexactes faute erreur ancienne ancien
        mal_orthographie* niet_meer_gebruik niet_meer_in_gebruik klopt_iets_niet staat_verkeerd unrichtige* spelled
        spelt niet_de_mijne nicht_korrekt foutje oud mist ontbreekt afgekapt verbasterd missing mis_gespeld dubbel
        onvolledig
    """,
    "MOVED": """
        verhuisd verhuisbericht moved umgezogen demenage demenagement nieuw_adres nieuwe_adres new_address
        neue_adresse neue_anschrift nouvelle_adresse ben_verhuisd hernummerd adreswijziging wonen_nu woon_nu woon_op
        wonen_op van_straat_gewisseld per_1 ingang_van adres_wordt nieuwe_woonadres new_address_below
    """,
    "NEW_NAME": """
        nieuwe_achternaam nieuwe_naam meisjesnaam getrouwd gescheiden naamswijziging naam_gewijzigd
        andere_achternaam heet_tegenwoordig heet_nu mijn_naam_is_nu new_surname maiden_name got_married married_name
        heisse_jetzt geheiratet nom_de_jeune_fille nom_d_epouse mariee nieuw_emailadres nieuw_mailadres
        nieuw_telefoonnummer nieuw_nummer ander_emailadres ander_mailadres nieuwe_mail new_email* new_phone*
        new_number neue_emailadresse neue_email* neue_handynummer nouvelle_adresse_mail nouveau_numero nieuw_mobiel*
        nieuwe_voornaam nieuwe_06 changed_my_name surname_changed last_name_is_now heet_sinds_kort nummer_gewijzigd
        nummer_is_nu tel_is_nu is_nu_mijn mailadres_is_nu nieuw_huisnummer telefonnummer_hat
    """,
    "NAME_IS": """
        ik_heet mijn_naam_is my_name_is in_plaats_van moet_zijn instead_of should_be richtig_ist statt ipv
        au_lieu_de het_is heet moet_*_worden schrijf_je_met met_dubbel* met_een_dubbele moet_*_zijn dat_moet and_not
        und_nicht en_niet et_non is_nu voortaan met_streepje zonder_streepje sta_ik_als sta_ik_nog de_juiste
        hierbij_de_juiste voortaan_graag moeten_zijn het_moet geen_*_maar_een ik_ben_mevrouw ben_een_vrouw
        ben_een_man maar_het_is aber_es_ist but_it_is mais_c_est
    """,
    "RESTRICT": """
        beperk beperken beperking beperkt beperkingsverzoek bevries bevriezen bevroren bevriezing blokkeer blokkeren
        geblokkeerd blokkering blokkade stilzetten stilleggen stil_leggen pauzeren opschorten opschorting restrict
        restricted restriction restricting freeze frozen block suspend suspended einschranken einschrankung
        einschraenken einschraenkung eingeschrankt sperren sperrung einfrieren limiter limitation limitez geler gel
        bloquer op_slot op_non_actief op_nonactief in_de_ijskast in_de_koelkast in_de_wacht op_pauze stil_zetten
        zet_*_stil leg_*_stil op_stop op_ijs lock_down niet_aankomen met_rust_laten met_rust blijf_er_*_af
        blijf_eraf ervan_afblijven er_af_blijven er_afblijft er_vanaf_blijven nergens_voor_gebruik* niets_mee_doen
        niks_mee_doen niets_mee_te_doen niks_mee_te_doen er_verder_niets_mee er_niets_mee er_niks_mee eraf_blijven
        on_hold uitsluitend_nog_op_te_slaan gebruiken_niet niet_gebruiken blijf_*_af niks_mee niets_mee niets_met
        niks_met geen_gebruik_maken geen_gebruik_van blok pauzestand sliepen slot in_pauze op_een_laag_pitje
        afscherm* schermen afgeschermd buiten_gebruik opschort* op_te_schorten vasthouden hou_*_vast niet_aan_komen
        laat_liggen laten_liggen mottenballen lock locked pauzeer* stop_using non_actief ruhend ruhen
        gebruik_ze_niet niet_te_gebruiken onthouden_van te_onthouden
    """,
    "RESTRICT_WORD": """
        beperking_van_de_verwerking verwerking_*_beperken beperking_van_verwerking verwerking_te_beperken
        recht_op_beperking beperking_van_mijn beperkingsverzoek restriction_of_processing restrict_the_processing
        restrict_processing right_to_restrict* einschrankung_der_verarbeitung einschraenkung_der_verarbeitung
        limitation_du_traitement verarbeitung_*_einzuschranken verarbeitung_einzuschranken
        verarbeitung_einzuschraenken verwerking_van_*_te_beperken verwerking_van_*_beperken
    """,
    "KEEP": """
        bewaar bewaren bewaard bewaart behouden behoud laten_staan blijven_staan wel_opslaan blijven_*_bewaard
        niet_verwijderen niet_wissen niet_weggooien niet_weghalen niet_schrappen niet_vernietigen hoeft_niet_weg
        niet_weg niet_wegdoen niet_kwijt niet_opschonen wel_bewaren keep retain retained preserve preserved stored
        not_delete dont_delete do_not_delete not_erase do_not_erase without_deleting nicht_loschen nicht_loeschen
        aufbewahren speichern behalten conserver conservez conservees ne_pas_supprimer pas_effacer pas_supprimer
        alleen_opslaan alleen_bewaren uitsluitend_opslaan opgeslagen_blijven verzet_zich_tegen_wissing tegen_wissing
        opposes_the_erasure oppose_the_erasure niet_verloren opschonen_niet niet_worden_opgeschoond ohne_loschung
        zonder_te_verwijderen zonder_ze_weg loschen_sie_*_nicht keep_it keep_the_records nicht_loschung gardez
        niets_weggooien niets_verwijderen bewijs untouched
    """,
    "TEMPORARY": """
        tijdelijk voorlopig zolang totdat tijdje poosje maanden weken temporarily temporary while pending meantime
        months vorubergehend voruebergehend solange vorerst temporairement provisoirement tant periode uitgezocht
        duurt loopt hangende nader_order tot_nader zo_lang until_further een_tijdje een_poosje half_jaar
        in_afwachting intussen ondertussen tot_die_tijd tot_ik tot_er tot_het tot_mijn tot_we until_i until_you
        until_we bis_die bis_ich jusqu_a pendant
    """,
    "LIFT": """
        opheffen opheffing ophef opgeheven vrijgeven deblokkeren deblokkeer gedeblokkeerd ontgrendelen ontgrendel
        ontdooien ontdooi hervatten hervat activeren heractiveren reactiveren reactiveer heractiveer vervallen lift
        lifted lifting unlock unblock unfreeze reactivate resume aufheben aufhebung aufgehoben entsperren freigeben
        reaktivieren freischalten lever levez levee debloquer reactiver reutiliser eraf er_af eraf_halen mag_eraf
        mag_er_af kan_eraf van_het_slot van_slot van_de_pauze uit_de_ijskast uit_de_koelkast uit_die_ijskast
        weer_aan hef_op hef_*_op niet_langer_nodig hoeft_niet_meer niet_meer_nodig niet_langer_in_stand
        weer_op_actief weer_actief no_longer_needed no_longer_necessary nicht_mehr_notig plus_necessaire weer_open
        slot_eraf blok_*_halen pauzestand wakker ongedaan_gemaakt beeindigen haal_*_maar_weer_uit kan_vervallen
        mag_vervallen niet_zo_streng weer_vrij weer_aanzetten weer_lopen mag_weer mogen_weer er_nu_wel_af mag_er_nu
        terugdraaien intrek* trek_in weer_actief_maken wieder_aufgehoben reactivat* reactiv*
    """,
    "AGAIN": """
        weer opnieuw again wieder erneut nouveau hervatten resume de_nouveau als_vanouds zoals_vroeger as_before
        wie_zuvor as_normal gewone_klant gewoon_weer
    """,
    "USE": """
        gebruiken gebruik gebruikt gebruikte verwerken verwerkt verwerking verwerkingen benutten inzetten delen
        doorgeven analyseren use used using process processing processed nutzen nutzung verwenden verwendung
        verarbeiten verarbeitung verarbeitet utiliser utilisez utilisation traitement traitements traiter verkopen
        doorverkopen profileren profilering uitrekenen meedoen profielen klantprofiel analyses analyse statistische
        statistiek fins gebruikmaken gebruik_maken gebruikmaking bijhouden bijgehouden volgen aanbevelingen
        advertenties onderzoek afleiden klantanalyses doorgifte doorgegeven delen_met verwerkte analyseert
        statistics klikgedrag koppelen ingezet volg tracking profiling auswert* ausgewertet volgt marktonderzoek
        product_development productontwikkeling verbeteren_van
    """,
    "PORT_WORD": """
        overdraagbaarheid dataportabiliteit portabiliteit portabiliteitsverzoek portability dataportability
        datenubertragbarkeit datenuebertragbarkeit ubertragbarkeit uebertragbarkeit portabilite gegevensoverdracht
        overdrachtsverzoek dataoverdracht recht_op_overdracht overdracht_van_*_gegevens gegevens_over_te_dragen
        gegevens_overdragen data_transfer_request recht_auf_datenubertrag* dataportabiliteit* overdraagbaarheid*
        portabiliteit*
    """,
    "MACHINE": """
        machineleesbaar machineleesbare machinereadable csv json xml excel xls xlsx exportbestand export exporteren
        exporteer exportje exports dataexport computerbestand databestand importeren import inladen inlezen
        spreadsheet machine_readable machine_leesbaar machine_leesbare gestructureerde gestructureerd structured
        maschinenlesbar* strukturiert* structure_lisible lisible_par_machine format_lisible tabel downloaden
        download gangbaar gangbare gangigen exportieren exporter format_ouvert open_formaat digitaal_bestand json*
        csv* dumpje dump importeer* inlaadt xlsx* excelbestand als_bestand in_een_bestand xml_export spreadsheet*
        bestandje fichier_reutilisable upload uploaden datei exceldatei
    """,
    "TAKE_ALONG": """
        meenemen meeneem overdragen overzetten overhevelen overstappen overstap overdracht meegeven overbrengen
        overnemen doorsturen verhuizen transfer transferred port move switch switching take_*_with_me mitnehmen
        ubertragen uebertragen ubermitteln wechsel wechseln transferer transmettre emporter andere partij
        andere_winkel andere_aanbieder andere_webwinkel andere_shop andere_leverancier nieuwe_winkel andere_site
        another_provider another_shop another_company another_store other_provider anderen_anbieter andere_anbieter
        anderen_shop autre_prestataire autre_boutique autre_fournisseur concurrent elders overzet* ailleurs
        elsewhere straight_to naar_mijn_nieuwe nieuwe_leverancier nouvelle_boutique my_new_shop hand_over
        reutilisable aanbieder_wisselen
    """,
    "OBJECT": """
        bezwaar bezwaren bezwaarschrift bezwaarrecht verzet object objection objecting oppose opposing opposed
        widerspruch widerspreche widersprechen opposition m_oppose maak_bezwaar teken_bezwaar right_to_object
        recht_van_bezwaar recht_van_verzet droit_d_opposition widerspruchsrecht teken_*_verzet bezwaar* niet_akkoord
        niet_mee_eens ermee_eens ga_er_niet_mee_akkoord widersprech* lege_*_widerspruch geen_prijs_op verzet_me
        verzet_mij verzet_mij_tegen accepteer_niet sta_niet_toe refuse refuses je_refuse niet_toe do_not_agree
        dont_agree niet_akkoord_mee niet_aan_meewerken niet_aan_mee meewerken
    """,
    "STOP": """
        stop stoppen stopt gestopt staken gestaakt ophouden houd_op hou_op hou_*_mee_op houd_*_mee_op
        houden_*_mee_op hou_daarmee_op stopzetten kappen niet_meer niet_langer geen_enkele cease desist quit
        stopping no_longer not_use nicht_mehr nicht_langer unterlassen aufhoren arreter arretez cesser cessez
        ne_plus plus_utiliser wil_niet_dat wens_niet_dat verbied verbieden do_not_use dont_use dont_want_you
        do_not_want mochte_nicht_dass will_nicht_dass nie_meer nooit_meer hou_op_met stoppen_met ongemoeid
        daarbuiten_laten laat_*_daarbuiten basta refrain refrain_from ne_*_plus
    """,
    "NO_MORE": """
        geen_*_meer niet_meer niet_langer nooit_meer niks_meer niets_meer hoef_geen hoeven_geen wil_geen wil_ik_geen
        willen_geen wens_geen geen_zin_in geen_behoefte geen_prijs_op houd_op hou_op stop_met stoppen_met stop
        stoppen ophouden kappen genoeg_van no_more no_longer not_receive dont_want do_not_want dont_send
        stop_sending do_not_send never_send keine_*_mehr nicht_mehr keine_weiteren nicht_langer ne_plus
        plus_recevoir plus_de arreter arretez cessez stopper ben_*_zat wil_ik_niet hoeven_wij_niet uitzetten
        uit_te_zetten turn_off hoeft_niet_meer mag_stoppen mogen_stoppen mag_ik_*_af mag_ik_wel_af met_rust
        niet_meer_willen_sturen graag_niet_meer niet_meer_sturen minder graag_geen geen_prijs nooit_ja_op keine
        stopt hoef_niet ook_geen wil_*_van_*_af van_*_af wil_*_eraf hoef_ik_niet_meer hoef_*_niet_meer
        hoef_ik_niet_na weg_met kunnen_*_uit mogen_*_uit moet_stoppen zet_*_uit zet_*_stop nee_bedankt bedolven
        make_them_stop had_enough stop_asking dont_ask keep_*_from bespaar spam_me_niet afkomen_van van_*_afkomen
        ne_*_plus m_envoyez_plus envoyez_plus niet_nog_eens niet_weer_herinneren geen_updates geen_update vink_*_uit
        vinkje_*_uit basta refrain leave_me_out laat_mij_eruit laat_me_eruit laat_mij_erbuiten
    """,
    "UNSUBSCRIBE": """
        uitschrijven uitschrijving uitgeschreven uitschrijf afmelden afmelding afgemeld afmeld uitschrijfverzoek
        afbestellen abmelden abmeldung abbestellen austragen abzumelden unsubscribe unsubscribed unsubscribing
        desinscrire desinscription desabonner desabonnez desabonnement desinscrivez schrijf_*_uit schrijf_me_uit
        schrijf_mij_uit schrijft_*_uit schrijven_*_uit meld_*_af meldt_*_af opt_out opt_me_out optout uitschrijven
        mij_eraf me_eraf van_de_maillijst off_your_list* off_the_list* off_your_mailing* from_your_mailing*
        from_your_list* aus_dem_verteiler aus_ihrem_verteiler de_votre_liste de_la_liste haal_mij_van haal_me_van
        uitschrij* uitgeschre* afmeld* uit_*_mailinglijst uit_*_maillijst uit_*_verzendlijst van_deze_lijst
        van_de_lijst van_jullie_lijst uit_de_lijst van_uw_lijst uit_uw_mailinglijst aus_ihrer_liste
        van_de_mailinglijst verzendlijst van_*_verzendlijst uit_deze_verzending uit_de_verzending
        zeg_*_op_nieuwsbrief nieuwsbrief_op mag_ik_uit mag_ik_hier_uit kan_ik_hier_uit kan_ik_eruit mag_ik_eruit
        mag_ik_er_*_af mag_ik_er_*_uit leave_me_out take_me_out uit_*_mailing uit_de_nieuwsgroep uit_*_appgroep
        uit_*_whatsappgroep
    """,
    "WITHDRAW": """
        intrekken ingetrokken intrekking trek_in trek_*_in trekken_*_in herroep herroepen terugdraaien withdraw
        withdrawn withdrawing withdrawal revoke revoked revoking revocation widerrufe widerrufen widerruf
        zuruckziehen zuruecknehmen retire retirer retrait revoque revoquer annuler vervalt zeg_ik_nee ongedaan
        terug_te_draaien geldt_niet_meer vervallen take_back ziehe_*_zuruck je_retire trek_*_terug niet_meer_geldig
        intrek*
    """,
    "AUTO_DECISION": """
        geautomatiseerd geautomatiseerde automatisch automatische algoritme algoritmes algorithm algorithms
        automated automatically automatisiert automatisierte automatisierten algorithmus automatise automatisee
        automatique automatiquement algorithme robot ai profilering profiling profilage risicoscore kredietscore
        kredietcheck risicoprofiel fraudescore fraudecontrole score scoring creditcheck kredietwaardigheid
        bonitatsprufung bonitaet profiler geautomatiseerd* computer_zegt fraudesysteem risicosysteem system
        rekenmodel uitsluitend_op solely_on systeem computer computers twee_tellen twee_seconden seconden
        binnen_een_seconde robot* bot risicomodel zwarte_lijst blacklist zelf_besloten
    """,
    "DECISION": """
        besluit besluiten beslissing beslissingen beslist besloten bepaalt bepalen beoordeling beoordeeld geweigerd
        afgewezen afwijzing afgekeurd weigering weigert geblokkeerd geannuleerd uitgesloten decision decisions
        decided declined refused rejected denied blocked flagged entscheidung entscheidungen abgelehnt ablehnung
        verweigert gesperrt entschieden refuse refusee rejete bloque decide bepaald uitgerekend bedenkt terugdraait
        onderworpen subject_to kennen_toe niet_geselecteerd refusal zegt_nee niet_achteraf herbekijken keurde
        zwart_gezet geprofileerd turned_down turned_me_down cancelled kein_kauf komt_niet_in_aanmerking
        sluit_mij_uit
    """,
    "HUMAN": """
        mens menselijke menselijk medewerker medewerkster persoon iemand human humans person someone mensch menschen
        mitarbeiter menschlichen humain humaine quelqu_un echt_iemand echt_mens levend_mens levende_ziel handmatig
        handmatige manually manual manueel manuell manuellement met_de_hand real_person menselijke_tussenkomst
        human_intervention human_review human_being menschliches_eingreifen intervention_humaine een_mens
        van_vlees_en_bloed levend_persoon vlees medewerker* echte_persoon real_human natuurlijk_persoon
        persoonlijk_bekeken mens_kijkt geen_mens door_een_mens iemand_echt have_someone menschen_prufung
    """,
    "REVIEW_VERB": """
        bekijken bekijkt kijken kijkt beoordelen beoordeelt herzien heroverwegen heroverweging herbeoordeling
        nakijken review reviewed reconsider look looked checked prufen pruefen uberprufen ueberpruefen reexaminer
        examiner examine nazien overdoen toetsen opnieuw toelichten uitleggen ingrijpen beoordeel herbekijken
        reassess reassessed opnieuw_beoordelen terugdraaien terugdraait naar_kijken besluit_herziet herziet pruft
        controleren overprufung prufung herzie naar_kijk reverse reexamine
    """,
    "ASK": """
        verzoek verzoeken verzoekt verzoekje vraag vragen graag gaarne wil willen wilt wilde wens wensen wenst
        verlang eis sommeer vorder hierbij bij_deze bij_dezen kunnen kunt kan kun zou zouden zoudt gelieve aub
        alsjeblieft alstublieft svp pls please dringend beroep beroepen doe_mij mag moet moeten dien dient request
        requesting ask asking would want wish could can may demand require hereby like exercise invoke kindly bitte
        bitten ersuche mochte moechte will wunsche fordere verlange beantrage hiermit konnen koennen konnten wurde
        demande demander demandez prie priere souhaite voudrais veux merci pouvez pourriez veuillez desire exige
        oefen moge verzoek* zie_graag
    """,
    "NEG": """
        niet geen nooit nimmer niets niks noch not no never dont doesnt didnt wont nicht kein keine keinen keinem
        nie ne pas jamais aucun aucune
    """,
    "HYPOTHETICAL": """
        stel_dat stel_ik als_ik_ooit mocht_ik mocht_ik_ooit zou_willen_weten_hoe ooit hypothetisch what_if if_i_ever
        if_i_were falls_ich si_un_jour in_het_geval_dat voor_het_geval theoretisch eventueel hoe_gaat_dat hoe_zit
        wat_gebeurt_er wat_gebeurt how_does how_do_i how_would wie_funktioniert comment_fonctionne wie_kann_ich
        comment_puis hoe_kan_ik hoe_moet_ik hoe_doe_ik overweeg overweeg nieuwsgierigheid nieuwsgierig benieuwd
        curious neugierig curieux gewoon_benieuwd out_of_curiosity puur_uit_interesse uit_interesse hoe_werkt
        later_misschien misschien_later ooit_zou als_iemand if_someone asking_before vraag_het_maar_vast voor_ik
        voordat_ik before_i als_jullie_dat_ooit alleen_weten
    """,
    "QUESTION": """
        hoe waarom waar wanneer wie welk hoelang klopt mag hoeveel why how where when who which warum wo wann wer
        wieso weshalb pourquoi comment quand qui combien waarvoor waartoe waarop wat welke doen_jullie hebben_jullie
        is_het mag_ik mag_u krijgt kan_een kunt_u_mij_vertellen do_you can_you does is_it werden speichern_sie
        est_ce_que conservez klopt_het gebruiken_jullie verkopen_jullie bewaren_jullie houden_jullie koppelen_jullie
        is_jullie is_uw heeft_lesseau kun_je kun_jij wordt_er worden_er zitten_jullie zitten_mijn moet_ik mag_mijn
        mag_een
    """,
    "HOW_LONG": """
        hoe_lang hoelang how_long wie_lange combien_de_temps bewaartermijn bewaartermijnen
        wanneer_verwijderen_jullie na_hoeveel hoeveel_jaar retention_period
    """,
    "CHASE": """
        nog_niets_gehoord nog_niks_gehoord niets_gehoord niks_gehoord geen_reactie geen_antwoord nog_geen
        nog_steeds_geen nog_steeds_niet nog_altijd_niet nog_altijd_geen tot_op_heden tot_heden uitgebleven
        verstreken termijn herinnering rappel reminder wacht_nog wacht_al blijft_uit blijven_zwijgen still_waiting
        still_have_not still_havent not_heard no_reply no_response not_received have_yet_to keine_antwort noch_keine
        immer_noch noch_nicht sans_reponse pas_de_reponse aucune_reponse toujours_pas ingebrekestelling gebreke
        in_gebreke overschreden te_laat weken_geleden maand_geleden maanden_geleden in_gebreke_te_stellen ongebruikt
        ongebruikt_verstreken onbeantwoord status_van tweede_herinnering derde_keer vierde_keer vierde_maal is_om
        maand_is_om weken_verder beloofde uitblijven wacht_nu wachten wacht_sinds vorige_maand al_drie_keer
        al_twee_maanden laten_weten_dat weer_niks weer_niets kastje_naar_de_muur drie_bevestigingen vierde_keer_dat
        niet_gereageerd nicht_reagiert reageren_niet reageert_niet never_replied not_replied hoor_helemaal_niets
        aucune_nouvelle termijn_voor_mijn deadline niet_op_mijn pas_repondu ondanks_toezegging toezegging
    """,
    "EARLIER": """
        eerder eerdere verzoek verzoeken inzageverzoek verwijderverzoek vorige brief schreef gevraagd gemaild
        gestuurd beloofd bevestigd bevestiging toegezegd beweren gemeld requested request asked promised confirmed
        earlier previous beantragt anfrage angefragt bestatigt zugesagt demande confirme promis herinner beantwoord
        wissing gewist verwijdering gevraagd* vroeg rectificatie inzage aangepast doorgevoerd
    """,
    "COMPLAIN": """
        klacht klachten klaag belachelijk schandalig schande onacceptabel ontoelaatbaar onprofessioneel onbehoorlijk
        slordig schofterig boos woedend verontwaardigd schaam schamen ongehoord kwalijk onzorgvuldig complaint
        complain unacceptable outrageous disappointed appalling beschwerde beschweren unverschamt inakzeptabel
        plainte reclamation scandaleux inacceptable inadmissible ongepast kan_toch_niet niet_netjes vind_ik_niet
        slecht hoe_durven hoe_kan_het_dat hoe_kan_dat respectloos ergerlijk absurd asociaal onzin brutaal treurig
        luidop hardop klacht_over fraai uit_de_lucht uitleg_graag leg_dat_maar tegenwerk* beneden_alle_peil
        niet_serieus misleidend gênant genant wat_is_zo schrok schrik beklag zo_moeilijk half_werk waard niet_handig
        vervelend raar_vind zonder_te_vragen niet_fijn niet_prettig ongevraagd waarom_moest niet_gemogen liegt
        onerhort unerhort moe_van in_je_hoofd ontevreden mortified voor_de_gek
    """,
    "SOLD": """
        doorverkocht verkocht verkopen doorgespeeld doorgegeven gelekt doorverkopen sold shared verkauft
        weitergegeven vendu vendues transmis gedeeld
    """,
    "THREAT": """
        toezichthouder rechter rechtbank dwangsom schadevergoeding advocaat juridische_stappen nadere_stappen
        rechtsmaatregelen kort_geding ingebrekestelling gebreke sommeer sommatie aansprakelijk aangifte
        klacht_indienen dien_ik_een_klacht klacht_in_bij melding_maken_bij melden_bij_de_ap stap_ik_naar
        stap_naar_de naar_de_rechter supervisory_authority legal_action court lawyer lodge_a_complaint solicitor
        compensation aufsichtsbehorde aufsichtsbehoerde rechtsanwalt gericht rechtliche_schritte schadensersatz
        saisir_la_cnil plainte_aupres cnil tribunal avocat radar kassa trustpilot tros boete fine
    """,
    "REGULATOR": """
        autoriteit_persoonsgegevens de_ap gegevensbeschermingsautoriteit gba ico information_commissioner
        datenschutzbehorde datenschutzbeauftragte* cnil data_protection_authority landesbeauftragte* naar_de_ap
        bij_de_ap
    """,
    "LEAK": """
        datalek datalekken lek gelekt gehackt hack hacked gestolen breach leak leaked stolen datenleck datenpanne
        geleakt gestohlen fuite pirate piratage compromise buitgemaakt uitgelekt op_straat data_breach
        personal_data_breach fuite_de_donnees incident beveiligingsincident ongeautoriseerd* openbaar_toegankelijk
        publicly_accessible exposed kwetsbaarheid vulnerability binnen_zijn_geweest online_staan backup datenleck*
        fuite* pirate* oneigenlijk openbaar_staat in_de_map open_map gelekte via_google te_openen online_zichtbaar
    """,
    "OTHERS_DATA": """
        andere_klant* andermans iemand_anders van_een_ander van_anderen ander_persoon vreemde* onbekende*
        wildvreemde* andere_mensen someone_else* another_customer* other_customer* other_people* another_person*
        strangers stranger* fremde* anderen_kunden andere_kunden anderer_kunden eines_anderen jemand_anderem
        quelqu_un_d_autre autre_client* autres_clients d_une_autre d_un_autre een_meneer_die een_zekere
        andere_ontvangers alle_ontvangers niet_voor_mij niet_van_mij not_mine not_me nicht_fur_mich pas_a_moi
        van_andere_mensen van_andere andere_klanten namen_en_adressen namenlijst klantenlijst iedereen_in_de_cc
        alle_adressen een_stuk_of hun_gegevens vreemde_mevrouw mailadressen_van van_de_buren wel_*_mailadressen
        van_mevrouw van_meneer van_een_meneer van_een_mevrouw van_een_mijnheer een_hele_andere een_heel_andere
        dezelfde_achternaam someone_elses van_een_buurvrouw zakelijke_klanten willekeurige_klanten orders_van
        bestellingen_van gegevens_van_een verkeerde_persoon alle_deelnemers your_customers ihrer_kunden
        autre_personne klantgegevens_van her_addresses klantfacturen uw_klanten jullie_klanten die_ik_niet_ken
        bij_mij_gelandet bij_mij_terechtgekomen an_mich van_een_vreemde fremden_person vreemde_persoon
        voor_een_andere wrong_person
    """,
    "RECEIVED": """
        kreeg krijg krijgen kregen ontving ontvangen gekregen zie zag staat stond staan vond gevonden zat zit
        ingelogd inloggen received got getting see saw found logged bekam bekomme erhalten sehe gesehen gefunden
        recu recois vois vu trouve binnenkreeg tegen stonden lag ligt inlogde klik bijlage zien stuurde erbij
        bij_mij kon krijg_nu
    """,
    "TAKEN_OVER": """
        ingebroken overgenomen gekaapt niet_door_mij ik_niet_gedaan heb_ik_niet niet_zelf zonder_mijn_medeweten
        buiten_mij_om taken_over somebody_else_is_using someone_is_using unbefugt unauthorised unauthorized hijacked
        fremdzugriff identiteitsfraude identiteitsdiefstal iemand_heeft_met_mijn iemand_anders_heeft iemand_bestelt
        bestellingen_die_ik_niet vreemde_inlog* niet_heb_gedaan niet_heb_geplaatst niet_gedaan did_not_do
        ik_niet_heb uit_brazilie met_mijn_naam_en gehackt account_gehackt ingelogd_door was_dat_niet was_ik_niet
        dat_was_ik_niet ich_war_das_nicht jemand_hat_sich someone_ordered iemand_heeft_mijn aangifte
        mein_konto_eingeloggt quelqu_un_a identiteit_wordt mijn_identiteit ik_was_het_niet nooit_besteld
        nooit_heb_besteld ik_nooit_heb never_ordered
    """,
    "PHISHING": """
        phishing phishingmail phishingmails nepmail nepmails nepsms nepbericht oplichters oplichting oplichter
        oplichterij fraude fraudeurs scam scammers fake betrug betruger hameconnage arnaque nep valse smishing
        spoofing valse_mail sms bijbetalen bij_te_betalen nep_mail nepsite link_om_te_betalen oplichters* escrocs
        scammers* betruger*
    """,
    "AUTO_REPLY": """
        automatisch_antwoord automatisch_gegenereerd* automatisch_bericht automatisch_verzonden
        automatisch_aangemaakt automatische_antwoord automatic_reply automated_response automated_reply auto_reply
        out_of_office automatische_antwort abwesenheitsnotiz abwesenheit nicht_im_buro automatisch_erzeugte
        reponse_automatique absence_du_bureau afwezigheid afwezig niet_aanwezig op_vakantie met_vakantie
        afwezigheidsmelding absent met_zwangerschapsverlof met_ouderschapsverlof parental_leave maternity_leave
        annual_leave on_leave ben_ik_weer_terug ben_ik_weer_bereikbaar wordt_niet_doorgestuurd niet_doorgestuurd
        not_been_forwarded nicht_weitergeleitet limited_access_to_my_email currently_out ne_lis_pas de_retour_le
        do_not_reply niet_beantwoorden niet_op_deze_mail_te_antwoorden noreply dit_is_een_automatisch*
        this_is_an_automat* niet_op_kantoor vakantie_gesloten wij_gesloten zijn_gesloten is_gesloten
        clinic_is_closed not_monitored i_am_away im_urlaub en_conge a_mon_retour mail_wordt_later lees_ik_daarna
        beantwoord_uw_mail antworte_ab even_niet niet_bereikbaar wordt_niet_gelezen niet_gelezen geschlossen
        ferme_jusqu
    """,
    "BOUNCE": """
        undeliverable undelivered onbestelbaar mailerdaemon delivery_status_notification delivery_failure
        mail_delivery_failed could_not_be_delivered niet_worden_bezorgd_aan niet_bezorgd_aan couldnt_be_delivered
        niet_bezorgd adres_niet_gevonden address_not_found unzustellbar unzustellbarkeit user_unknown
        mailbox_unavailable mailbox_full returned_mail nicht_zugestellt permanent_error diagnostic_code
        remote_server_returned non_remis echec_de_la_remise status_notification recipientnotfound
    """,
    "READ_RECEIPT": """
        is_gelezen_op leesbevestiging ontvangstbevestiging leesbewijs read_receipt was_read_on gelesen
        lesebestatigung your_message_to uw_bericht_aan was_displayed_on eingangsbestatigung accuse_de_lecture
        accuse_de_reception is_gelezen gelezen_op
    """,
    "TICKET": """
        ticketnummer ticket zaaknummer casenummer meldingsnummer case uw_vraag_is_geregistreerd uw_vraag_ontvangen
        uw_bericht_ontvangen uw_email_ontvangen uw_e_mail_ontvangen in_goede_orde_ontvangen hebben_uw_aanvraag
        binnen_twee_werkdagen binnen_*_werkdagen nemen_zo_spoedig_mogelijk neemt_spoedig_contact
        we_have_received_your thank_you_for_contacting we_will_get_back business_days vielen_dank_fur_ihre_nachricht
        vielen_dank_fur_ihre_anfrage werktagen bien_recu_votre nous_vous_repondrons bedankt_voor_je_bericht
        bedankt_voor_uw_bericht reactietijd uw_mail_ontvangen antwoorden_binnen binnen_drie_dagen binnen_2
    """,
    "SALES": """
        offerte vrijblijvend kennismaken kennismaking demo proefaccount proefperiode aanbod tarieven kwartiertje
        ondernemer ondernemers leads webinar whitepaper seo ranking backlinks mkbers vaste_prijs onze_software
        onze_oplossing onze_dienst* wij_helpen ik_help free_trial book_a_call book_a_demo our_solution our_platform
        we_help quick_call unverbindlich_angebot notre_solution nos_services boost_traffic functionaris_op_afstand
        compliance_scan gratis_scan avg_scan avg_proof avgproof avg_check quickscan nulmeting adviseur consultant
        consultancy samenwerking samenwerken partnership sponsor sponsoring vacature vacatures influencer collab
        solliciteren opdrachtgever_in sterke_team salaris privacy_officer if_this_was_not_you cursus training
        onze_tool meld_u_nu_aan via_de_link_onderaan
    """,
    "ADVERT": """
        winnaar gefeliciteerd gewonnen claimen bitcoin crypto casino erfenis miljoen lening leningen viagra jackpot
        klik_hier click_here verify_your_account bevestig_uw_account within_24_hours binnen_24_uur verloopt_vandaag
        parcel_fee verzendkosten_betalen if_this_was_not_you was_jij_dit_niet http bevestig_je_account
    """,
    "DISCLAIMER": """
        ten_onrechte_ontvangen onterecht_ontvangen niet_de_geadresseerde niet_de_bedoelde_ontvanger
        intended_recipient niet_voor_u_bestemd ten_onrechte_ontvangt bij_vergissing_ontvangen abusievelijk_ontvangen
        not_the_intended received_this_*_in_error received_this_email_in_error nicht_der_richtige_adressat
        irrtumlich_erhalten recu_ce_message_par_erreur uitsluitend_bestemd_voor_de_geadresseerde
        strikt_vertrouwelijk denk_aan_het_milieu consider_the_environment irrtumlich_bekommen
        erreur_merci_de_le_detruire destinataire
    """,
    "NEVERMIND": """
        laat_maar laat_toch_maar hoeft_niet_meer toch_niet bij_nader_inzien toch_maar_niet ik_zie_ervan_af
        ik_bedenk_me bedacht_me never_mind nevermind scratch_that on_second_thought changed_my_mind doch_nicht
        vergiss_es finalement_non laisse_tomber ik_blijf_klant blijf_toch_klant ingetrokken_verzoek al_gelukt
        is_al_gelukt al_opgelost
    """,
    "DECEASED": """
        overleden overlijden overleed nabestaande nabestaanden erfgenaam erfgenamen executeur nalatenschap weduwe
        weduwnaar uitvaart begraven wijlen gestorven deceased died passed_away death heir executor estate verstorben
        gestorben erbe erben nachlass testamentsvollstrecker decede decedee deces heritier defunt
        niet_meer_onder_ons is_er_niet_meer
    """,
    "MINOR": """
        minderjarig minderjarige ouderlijk underage minor minderjahrig mineur mineure jaar_oud_en jaar_en_zit_op
        brugklas basisschool middelbare groep_8 onder_de_16 mijn_zoontje mijn_dochtertje years_old jahre_alt 13_jaar
        14_jaar 15_jaar 12_jaar 11_jaar 10_jaar ik_ben_12 ik_ben_13 ik_ben_14 ik_ben_15 van_12 van_13 van_14 van_15
    """,
    "AGENT": """
        namens gemachtigd gemachtigde gemachtigden machtiging volmacht mandaat advocaat advocaten advocatenkantoor
        jurist rechtsbijstand bewindvoerder bewind curator mentor mentorschap cliente client clienten opdrachtgever
        behalf authorised authorized solicitor attorney mandate mandant mandanten mandantin mandantschaft
        rechtsanwalt rechtsanwaltin vollmacht bevollmachtigt bevollmachtigter auftrag avocat avocate mandataire
        procuration au_nom_de pour_le_compte im_namen on_behalf power_of_attorney letter_of_authority onze_gebruiker
        our_user ons_lid confrere
    """,
    "HEALTH": """
        allergie allergisch allergische allergies eczeem uitslag huidarts dermatoloog huisarts medisch medische
        gezondheid huidaandoening huidprobleem huidproblemen psoriasis zwanger zwangerschap jeuk medicijnen
        ziekenhuis diagnose brandwond reactie huidtest burnout depressie allergy allergic eczema rash dermatologist
        doctor pregnant medical health hautarzt ekzem ausschlag arzt schwanger gesundheit allergique medecin
        enceinte dermatologue sante
    """,
    "AUTHORITY": """
        politie rechercheur officier justitie parket fiod belastingdienst inspecteur opsporingsambtenaar vordering
        126nc 126nd proces_verbaal procesverbaal wetboek_van_strafvordering strafvordering deurwaarder nvwa douane
        police_officer criminal_investigation staatsanwaltschaft polizei finanzamt gendarmerie procureur fisc
        openbaar_ministerie recherche rechter_commissaris inlichtingenverzoek
    """,
    "POST_WISH": """
        per_post per_brief postadres schriftelijk_aan op_papier aangetekend aangetekende by_post by_mail by_letter
        in_writing_to per_einschreiben postalisch par_courrier par_la_poste recommande naar_mijn_huisadres
        naar_mijn_adres op_de_post in_de_brievenbus in_een_envelop
    """,
    "SUBMIT": """
        bijlage bijgevoegd bijgaand bijgaande bijgesloten aangehecht attached attachment enclosed enclosure anhang
        anbei beigefugt angehangt jointe joint annexe attache zie_bijlage see_attached als_pdf in_de_pdf bijgevoegde
        bijlagen brief letter
    """,
    "ME_OBJ": """
        mij me ons mich hem haar moi us him uns nous ma
    """,
    "PRONOUN": """
        die dat deze dit ze hem het it them this these that sie es ihn diese ceci cela les la daar eraf
    """,
    "STORED": """
        opgeslagen vastgelegd bijhoud* bijgehouden bijhouden bewaart bewaren bewaard geregistreerd genoteerd
        registreert vastligt gespeichert speichert stored hold held holding keep kept recorded enregistrees
        enregistre conservees detenez opgenomen bekend hebben heeft hebt staan staat have got ligt haben habt avez
        verwerkt verwerken verarbeitet processed verzameld rondslinger* bijhoudt vast_ligt liggen beschikt
        hinterlegt detient contient kennt vermerkt notiert
    """,
    "WHAT": """
        wat welke what which welche welcher was quelles quels que waar boekwerk hetgeen wie welk_e alles whatever
        everything tout alles_wat
    """,
    "KNOW": """
        weten weet know wisst wissen savez savoir kent
    """,
    "RECORDING": """
        opnames opname notities notitie aantekening aantekeningen loggegevens logbestanden logs recordings notes
        notizen gespreksverslagen telefoongesprekken gespreksopname fotos beelden stukken dossier huidtest
        antwoorden vragenlijst
    """,
    "INFO_ON": """
        bestaan existence bestehen l_existence logica logic logik logique zinvolle meaningful aussagekraftige utiles
        besluitvorming decision_making decisionmaking entscheidungsfindung existentie gevolgen
    """,
    "THIRD_COUNTRY": """
        derde_land derde_landen drittland drittlander third_country third_countries pays_tiers buiten_de_eu
        buiten_de_europese safeguards waarborgen garantien garanties internationale_organisatie
        international_organisation eer eea
    """,
    "BEFORE": """
        voordat alvorens voor_u before bevor avant eer vooraf
    """,
    "RIGHT": """
        recht rechten right rights recht_op droit droits rechte
    """,
    "PASSIVE_PAST": """
        was_gewist is_gewist zou_zijn_verwijderd gewist_was was_verwijderd will_be_deleted wordt_*_verwijderd
        is_verwijderd verwijderd_was
    """,
    "HISTORY": """
        bestelgeschiedenis bestelhistorie orderhistorie aankoopgeschiedenis geschiedenis historie bestellingen
        aankopen gekocht history purchases bestellhistorie historique bestelgegevens spaarpunten
    """,
    "SECURITY": """
        wachtwoord* password* passwort* hash* versleutel* ssl https slotje 2fa tweestaps* verschlussel* encrypted
        encryption chiffre* mot_de_passe beveilig* veilig vertrouwd secure sicher leesbaar tweestapsverificatie
    """,
    "CAMERA": """
        camera* cameras beelden bewakingscamera* bordje
    """,
    "BUSINESS": """
        crediteuren* crediteurenbestand crediteurenadministratie debiteuren kvk btw btwnummer kvknummer leverancier
        relatie grootboek jaarrekening voorraadlijst inkoop zakelijk zakelijke b2b onze_factuur back_up server
        tegenpartij schade* waterschade kantoor aandeelhouder bezoekadres er_belde_een_klant leverancierslijst
        leveranciersportaal drukbestanden onze_opdrachtgever
    """,
    "YOU": """
        jullie u uw jou jouw je gij ge ulle you your yours sie ihr ihre ihnen euch euer vous votre vos
    """,
    "PRODUCT": """
        zeep* zeepje* shampoo* shampoobar handcreme* creme* bodylotion lotion geur* lavendel* kokos* rozen* vanille*
        badzout badolie badbom* scrub douchegel galzeep dispenser pomp* kwast scheerkwast scheerzeep handdoek*
        puimsteen kaars* parfum* olie* amandel* zeepbakje verpakking* fles* deksel pot doosje stuk stukken soap* bar
        bars lotion cream shampoo* scent* candle* bottle* seife* duschgel flasche* duft* savon* shampoing* coffret*
        parfum* bouteille* cadeauset* set pakketten mand wasstrips vlokken zeepvlokken badborstel navul* etiket
    """,
    "SHOPPING": """
        voorraad leverbaar prijs prijslijst kosten kost verzendkosten korting* kortingscode* aanbieding bestellen
        besteld bestelde koop kopen gekocht cadeau* inpakken ruilen retour* terugsturen omruilen annuleren
        openingstijden open winkel parkeren afhalen ophalen workshop* offerte* groothandel factuur* stock price cost
        discount order ordered shipping ship wholesale gift wrap return refund shop store opening preis lieferzeit
        versand versandkosten bestellt umtauschen geschaft livrez livraison prix remise magasin echange rembours*
    """,
    "DELIVERY_WORD": """
        bezorg* lever* verzend* verzonden dhl koerier bezorger track trace thuis buren pakketpunt brievenbus
        onderweg aangekomen zending deliver* shipped courier tracking arrived arrive lief* zustell* livr* colis
        expedi*
    """,
    "BROKEN": """
        kapot gebroken lek* beschadigd stuk ontbreekt ontbreken ontbrak vermist verkeerde leeg lege broken damaged
        missing leaking defekt beschadigt fehlt casse* abime* manque
    """,
    "THANKS": """
        dank bedankt dankjewel dankuwel top heerlijk* prachtig* mooi* lekker* compliment* blij tevreden thanks thank
        wonderful lovely great danke vielen toll wunderbar merci super magnifique
    """,
    "PEOPLE": """
        medewerker* medewerkster* collega* klant klanten mevrouw meneer mijnheer dame heer buurman buurvrouw buren
        stagiair* verkoopster colleague* employee* staff customer* neighbour* mitarbeiter* kollege* kunde kunden
        kundin nachbar* vendeu* client* voisin* oudmedewerker oud_medewerker
    """,
    "CALLED": """
        gebeld belde bellen belt telefoon aan_de_lijn telefoontje* call called calls phoned anruf* angerufen appel
        appels appele
    """,
    "PUBLIC": """
        openbaar online google googel* facebook instagram socials website site internet publiek straat papierbak
        toonbank balie etalage zichtbaar cc aan_veld public visible street offentlich sichtbar public visible
    """,
    "SLIP": """
        pakbon* pakbonnen label* retourlabel* etiket* sticker* bon brief envelop lijst uitgeprint* print* factuur
        bestelbevestiging* overzicht slip list lists rechnung liste lettre facture mail
    """,
    "OWNER": """
        niet_van_mij andermans vreemden iemand_anders ander andere een_ander ander* someone_else another other
        anderen fremde* autre autres destinataire
    """,
    "NAMED": """
        naam namen adres adressen telefoonnummer* 06nummer achternaam mailadres* name names address addresses phone
        namen adressen nom noms adresse adresses huisadres
    """,
    "OPINION": """
        vind vinden vond onprettig ongemakkelijk heel erg niet_oke jammer boos belachelijk netjes normaal gek raar
        disappoint* ridiculous upset schlimm unmoglich insupportable scandale* genoeg zat beu
    """,
    "FORBIDDEN": """
        verboden mag_niet mag_helemaal mag_dat in_strijd strijd wet wettelijk regels overtreding illegaal strafbaar
        against law illegal unlawful verstoss verboten interdit illegal acm telecommunicatiewet
    """,
    "KNOWING": """
        weten vraag vroeg benieuwd afvragen vraagje uitleggen vertellen legt wonder wondering question know
        interested frage wissen fragen question savoir
    """,
    "PAST_ASK": """
        vroeg gevraagd verzocht gemeld asked requested destijds eerder ingewilligd bevestigde toegezegd had_ik
        had_gevraagd ik_had vorig_jaar najaar in_het_voorjaar last_spring back_in beantragt gebeten demande_en
        demandee indertijd gevraagde
    """,
    "COPYWORD": """
        kopie kopietje kopieen copy copies copie copies afschrift uitdraai overzicht overzichtje datenkopie kopien
        inzage
    """,
    "YOUR_OBJECTION": """
        als_u_bezwaar mocht_u_bezwaar indien_u_bezwaar u_bezwaar_hebben heeft_u_bezwaar geen_bezwaar
        should_you_object if_you_object sie_widersprechen si_vous_vous_opposez bezwaar_loopt mijn_bezwaar_loopt
        u_er_bezwaar u_*_bezwaar_maakt no_objection
    """,
    "CONFIRM": """
        bevestig bevestigen bevestigt bevestiging confirm confirms confirmation bestatigen bestatigung bestatigt
        uitsluitsel verneem vernemen confirmer confirmation schriftelijk mededelen
    """,
    "CONSEQUENCE": """
        zal_leiden leiden_tot zou_leiden would_lead will_lead lead_to result_in zur_folge fuhren_zu entrainera
        entrainer gevolg_hebben
    """,
    "HEREBY": """
        hierbij dat_doe_ik bij_deze bij_dezen bij_deze_dus hereby hiermit par_la_presente wil_ik_nu wil_dat_nu
        doe_dat_dan doe_dat_nu gebruik_ik_nu maak_ik_nu
    """,
}
# fmt: on

_ACCENTS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "’": "'", "‘": "'", "`": "'", "´": "'"})
_TOKEN = re.compile(r"[\w@][\w@.+-]*@[\w.-]+|https?://\S+|www\.\S+|\w+(?:['-]\w+)*|[.!?\n]+|[,;:()\"“”„«»–—…]|[^\w\s]")
_SENTENCE_END = frozenset(".!?\n")
_ELISION = re.compile(r"^(?:l|d|qu|j|m|s|n|c|t|jusqu|lorsqu)'(.+)$")
_CLAUSE_MARKS = frozenset(",;:()–—…")
_CLAUSE_WORDS = frozenset(("maar", "but", "aber", "mais", "sondern", "doch", "omdat", "because", "weil", "want"))
_LETTERS = re.compile(r"\b(a\.u\.b|s\.v\.p|i\.p\.v|a\.s\.a\.p|n\.a\.v|i\.v\.m|m\.b\.t)\b\.?")
_ABBREVIATIONS = re.compile(
    r"\b(art|artt|nr|nrs|jl|d\.d|dd|mr|mrs|drs|dr|ing|mw|dhr|mevr|fam|st|str|t\.a\.v|e\.d|evt|incl|excl|tel|"
    r"bijv|bv|o\.a|z\.s\.m|abs|lit|bzw|z\.b|d\.h|etc|b\.v|n\.v|para)\.(?= *\S)"
)


_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def fold(text: str) -> str:
    """Lower case without accents; length may change."""
    text = text.lower()
    if text.isascii():
        return text
    text = text.translate(_ACCENTS)
    return _BEYOND_ASCII.sub(_without_mark, unicodedata.normalize("NFKD", text))


def _without_mark(letter: re.Match[str]) -> str:
    return "" if unicodedata.combining(letter[0]) else letter[0]


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: its words, the number of the clause each stands in, and where its concepts stand."""

    words: tuple[str, ...]
    clauses: tuple[int, ...]
    places: Mapping[str, tuple[int, ...]]
    text: str


_Phrases = dict[str, list[tuple[tuple[str, ...], str]]]


_Words = dict[str, frozenset[str]]


def _compile(concepts: Mapping[str, str]) -> tuple[_Words, _Words, _Words, _Phrases]:
    """Whole words, beginnings and ends of words, and phrases by their first word."""
    exact: dict[str, set[str]] = {}
    endings: dict[str, set[str]] = {}
    beginnings: dict[str, set[str]] = {}
    phrases: _Phrases = {}
    for concept, entries in concepts.items():
        for entry in entries.split():
            words = tuple(entry.split("_"))
            if len(words) > 1:
                phrases.setdefault(words[0], []).append((words[1:], concept))
            elif entry.startswith("*"):
                endings.setdefault(entry[1:], set()).add(concept)
            elif entry.endswith("*"):
                beginnings.setdefault(entry[:-1], set()).add(concept)
            else:
                exact.setdefault(entry, set()).add(concept)
    return (
        {word: frozenset(found) for word, found in exact.items()},
        {word: frozenset(found) for word, found in beginnings.items()},
        {word: frozenset(found) for word, found in endings.items()},
        phrases,
    )


_EXACT, _BEGINNINGS, _ENDINGS, _PHRASES = _compile(CONCEPTS)
_LENGTHS = sorted({len(beginning) for beginning in _BEGINNINGS})


# Words that mean another thing in another language: what they do not stand for, by language.
_FALSE_FRIENDS: Mapping[str, Mapping[str, frozenset[str]]] = {
    spoken: {word: frozenset(meant.split()) for word, meant in words.items()}
    for spoken, words in {
        "nl": {
            "es": "PRONOUN", "gericht": "THREAT", "i": "MINE", "it": "PRONOUN", "kassa": "THREAT", "la": "PRONOUN",
            "les": "PRONOUN", "lief": "DELIVERY_WORD", "liefs": "DELIVERY_WORD", "liefst": "DELIVERY_WORD",
            "ma": "ME_OBJ", "man": "HIS", "moi": "ME_OBJ MINE", "ne": "NEG", "nicht": "NEG", "pas": "NEG",
            "scrub": "DELETE", "want": "ASK", "was": "WHAT", "wissen": "KNOW KNOWING",
        },
        "de": {"wissen": "DELETE", "weg": "DELETE", "list": "SHOW SLIP"},
        "en": {"post": "MAILS", "die": "PRONOUN", "pot": "PRODUCT"},
        "fr": {"pot": "PRODUCT", "set": "PRODUCT", "mail": "SLIP"},
    }.items()
}  # fmt: skip
_TELLING = {
    "nl": frozenset(
        [
            "de",
            "het",
            "een",
            "ik",
            "en",
            "van",
            "niet",
            "dat",
            "mijn",
            "jullie",
            "u",
            "is",
            "voor",
            "op",
            "te",
            "met",
            "zijn",
            "heb",
            "kan",
            "wil",
        ]
    ),
    "en": frozenset(
        [
            "the",
            "a",
            "i",
            "and",
            "of",
            "not",
            "that",
            "my",
            "you",
            "is",
            "for",
            "to",
            "with",
            "have",
            "can",
            "please",
            "your",
            "it",
            "on",
        ]
    ),
    "de": frozenset(
        [
            "der",
            "die",
            "das",
            "ich",
            "und",
            "von",
            "nicht",
            "mein",
            "meine",
            "sie",
            "ist",
            "fur",
            "mit",
            "habe",
            "bitte",
            "zu",
            "auf",
            "ihr",
            "ihre",
            "wir",
        ]
    ),
    "fr": frozenset(
        [
            "le",
            "la",
            "les",
            "je",
            "et",
            "de",
            "ne",
            "pas",
            "que",
            "mon",
            "mes",
            "vous",
            "est",
            "pour",
            "avec",
            "des",
            "du",
            "une",
            "un",
            "merci",
        ]
    ),
}


def language(words: Sequence[str]) -> str:
    """The likeliest of nl, en, de and fr by the small words; nl when nothing tells."""
    return max(_TELLING, key=lambda name: sum(word in _TELLING[name] for word in words))


@lru_cache(maxsize=50_000)
def concepts_of(word: str, spoken: str = "nl") -> frozenset[str]:
    """The concepts that one folded word stands for in a language."""
    return _concepts_of(word) - _FALSE_FRIENDS[spoken].get(word, frozenset())


def _concepts_of(word: str) -> frozenset[str]:
    found = _EXACT.get(word, frozenset())
    for length in _LENGTHS:
        if length > len(word):
            break
        begun = _BEGINNINGS.get(word[:length])
        if begun:
            found |= begun
    for ending, meant in _ENDINGS.items():
        if word.endswith(ending) and len(word) > len(ending):
            found |= meant
    return found


def _phrase_length(rest: tuple[str, ...], words: list[str], start: int) -> int:
    """How many words the phrase takes from `start`, 0 when it is not there; a lone * skips up to six words."""
    place, skip = start, 0
    for part in rest:
        if part == "*":
            skip = 6
            continue
        place += 1
        while skip and place < len(words) and not _same(part, words[place]):
            place, skip = place + 1, skip - 1
        if place >= len(words) or not _same(part, words[place]):
            return 0
        skip = 0
    return place - start + 1


def _same(part: str, word: str) -> bool:
    return word.startswith(part[:-1]) if part.endswith("*") else word == part


def words_of(text: str) -> list[str]:
    """Folded words and punctuation of one text, elisions split, hyphens and apostrophes gone."""
    found: list[str] = []
    for token in _TOKEN.findall(text):
        if "'" in token:
            elided = _ELISION.match(token)
            if elided:
                found.append(token.split("'", 1)[0])
                token = elided.group(1)
            token = token.replace("'", "") or "'"
        if "-" in token and "@" not in token and len(token) > 1:
            token = token.replace("-", "")
        found.append(token)
    return found


def sentences(text: str) -> list[Sentence]:
    """The text as sentences with their clauses and concepts; words keep their order."""
    result: list[Sentence] = []
    words: list[str] = []
    clauses: list[int] = []
    clause = 0
    text = _LETTERS.sub(lambda match: match.group(1).replace(".", ""), unwrap(fold(text)))
    tokens = words_of(_ABBREVIATIONS.sub(r"\1", text))
    spoken = language(tokens)
    for token in tokens:
        if token[0] in _SENTENCE_END:
            if words:
                result.append(_sentence(words, clauses, spoken, asked="?" in token))
            words, clauses, clause = [], [], 0
        elif len(token) == 1 and not token.isalnum():
            if token in _CLAUSE_MARKS:
                clause += 1
        else:
            if token in _CLAUSE_WORDS:
                clause += 1
            words.append(token)
            clauses.append(clause)
    if words:
        result.append(_sentence(words, clauses, spoken))
    return result


def _sentence(words: list[str], clauses: list[int], spoken: str, *, asked: bool = False) -> Sentence:
    places: dict[str, list[int]] = {"ASKED": [len(words) - 1]} if asked else {}
    for place, word in enumerate(words):
        of_law = word.startswith("arti") and words[place + 1 : place + 2] and words[place + 1][0].isdigit()
        for concept in () if of_law else concepts_of(word, spoken):
            places.setdefault(concept, []).append(place)
        following = words[place + 1] if place + 1 < len(words) else ""
        for rest, concept in _PHRASES.get(word, ()):
            if (rest[0] == following or rest[0][-1] == "*") and _phrase_length(rest, words, place):
                places.setdefault(concept, []).append(place)
    return Sentence(tuple(words), tuple(clauses), {name: tuple(at) for name, at in places.items()}, " ".join(words))


_WRAPPED = re.compile(r"\n(?<=[^\n.!?:;]{55}[\w,]\n)(?=[\w(\"'])")


def unwrap(text: str) -> str:
    """The text with lines joined that a mail program broke off at a fixed width."""
    return _WRAPPED.sub(" ", text) if "\n" in text else text
