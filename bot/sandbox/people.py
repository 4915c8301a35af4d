"""Invented customers of the shop, in the shapes of Lightspeed eCom.

Relations are plain ids here (`"customer": 70001`); the server in `suppliers.py` dresses them as the supplier does.
Some persons are there for a rule:

- Hanneke Verbrugge lives in the Voorbeeldstraat: a word like the policy's placeholder that must pass the lint.
- Pieter and Marijke de Groot share one address: two customer records, two persons.
- Fatima el Amrani has two records, registered and guest, whose addresses differ in case.
- Bram Kuipers ordered as a guest. Sanne Vis gave an order another e-mail address than her account has.
- Gijs Oudejans' company name is a formula; Wilma Tuinstra has a newsletter and nothing else.
- Jan Verbrugge's address ends in Hanneke's: a filter that looks for a part of the text would mix them up.
"""

import copy
from dataclasses import dataclass, field, fields
from typing import Any

Row = dict[str, Any]

HANNEKE = "hanneke.verbrugge@example.nl"
DE_GROOT = "familie.degroot@example.nl"
FATIMA = "fatima.elamrani@example.org"
BRAM = "bram.kuipers@post.example"
SANNE = "sanne.vis@example.com"
SANNE_AT_WORK = "s.vis@werkplaats.example"
GIJS = "gijs@kapsalon-oudejans.example"
WILMA = "wilma.tuinstra@example.nl"
YUSUF = "yusuf.demir@example.com"
LOES = "loes.akkerman@leesclub.example"
ILSE = "ilse.bakhuis@example.nl"
THIJS = "thijs.meerman@example.org"
NOOR = "noor.haverkamp@example.nl"
JUERGEN = "juergen.weiss@example.com"
JAN = "jan-hanneke.verbrugge@example.nl"
NOBODY = "onbekend@example.nl"

_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
_COUNTRIES = {
    "nl": {"id": 151, "code": "nl", "code3": "nld", "title": "Nederland"},
    "be": {"id": 21, "code": "be", "code3": "bel", "title": "België"},
    "de": {"id": 56, "code": "de", "code3": "deu", "title": "Duitsland"},
}
_DUTCH = {"id": 10, "code": "nl", "locale": "nl_NL", "title": "Nederlands"}


@dataclass
class Shop:
    """All rows of the invented shop, by resource. Every list may be changed by a test or by the demo."""

    customers: list[Row] = field(default_factory=list)
    customer_metafields: list[Row] = field(default_factory=list)
    groups: list[Row] = field(default_factory=list)
    group_members: list[Row] = field(default_factory=list)
    orders: list[Row] = field(default_factory=list)
    order_products: list[Row] = field(default_factory=list)
    order_metafields: list[Row] = field(default_factory=list)
    order_events: list[Row] = field(default_factory=list)
    invoices: list[Row] = field(default_factory=list)
    invoice_items: list[Row] = field(default_factory=list)
    invoice_metafields: list[Row] = field(default_factory=list)
    shipments: list[Row] = field(default_factory=list)
    shipment_products: list[Row] = field(default_factory=list)
    shipment_metafields: list[Row] = field(default_factory=list)
    returns: list[Row] = field(default_factory=list)
    reviews: list[Row] = field(default_factory=list)
    subscriptions: list[Row] = field(default_factory=list)
    tickets: list[Row] = field(default_factory=list)
    ticket_messages: list[Row] = field(default_factory=list)
    contacts: list[Row] = field(default_factory=list)
    quotes: list[Row] = field(default_factory=list)
    quote_products: list[Row] = field(default_factory=list)
    checkouts: list[Row] = field(default_factory=list)
    blog_comments: list[Row] = field(default_factory=list)

    def copy(self) -> "Shop":
        """The same rows, free to be changed."""
        return Shop(**{each.name: copy.deepcopy(getattr(self, each.name)) for each in fields(self)})


def country(code: str) -> Row:
    """A country as Lightspeed writes it, from its two-letter code. Raises KeyError for one that is not known here."""
    return dict(_COUNTRIES[code])


def _address(kind: str, name: str, street: str, number: str, zipcode: str, city: str, land: str) -> Row:
    prefix = f"address{kind}"
    return {
        f"{prefix}Name": name,
        f"{prefix}Street": street,
        f"{prefix}Street2": "",
        f"{prefix}Number": number,
        f"{prefix}Extension": "",
        f"{prefix}Zipcode": zipcode,
        f"{prefix}City": city,
        f"{prefix}Region": "",
        f"{prefix}Country": country(land),
    }


def customer(number: int, address: str, name: str, home: str, **more: Any) -> Row:
    """A customer record. `name` is "Jan van Jansen" split in three by |; `home` is "street|number|zipcode|city|nl"."""
    first, middle, last = name.split("|")
    full = " ".join(part for part in (first, middle, last) if part)
    street, house, zipcode, city, land = home.split("|")
    return {
        "id": number,
        "createdAt": "2024-05-02T10:11:12+02:00",
        "updatedAt": "2025-01-03T09:00:00+01:00",
        "isConfirmed": True,
        "type": "registered",
        "lastOnlineAt": None,
        "remoteIp": "203.0.113.9",
        "userAgent": False,
        "referralId": False,
        "gender": "",
        "birthDate": False,
        "nationalId": "",
        "email": address,
        "firstname": first,
        "middlename": middle,
        "lastname": last,
        "phone": "",
        "mobile": "",
        "isCompany": False,
        "companyName": "",
        "companyCoCNumber": "",
        "companyVatNumber": "",
        **_address("Billing", full, street, house, zipcode, city, land),
        "addressShippingCompany": False,
        **_address("Shipping", full, street, house, zipcode, city, land),
        "memo": "",
        "doNotifyRegistered": True,
        "doNotifyConfirmed": True,
        "doNotifyPassword": True,
        "language": False,
        **more,
    }


_FROM_CUSTOMER = (
    "gender",
    "birthDate",
    "nationalId",
    "email",
    "firstname",
    "middlename",
    "lastname",
    "phone",
    "mobile",
)
_COMPANY = ("isCompany", "companyName", "companyCoCNumber", "companyVatNumber")


def place_order(shop: Shop, buyer: Row, number: int, day: str, lines: list[tuple[str, int, float]], **more: Any) -> Row:
    """Adds an order of `buyer` with its products, events, invoice and shipment; gives the order's row.

    `day` is YYYY-MM-DD; a line is (product, quantity, price with VAT). Order 42 is ORD00042, invoice INV00042.
    """
    moment = f"{day}T12:30:00+01:00"
    total = round(sum(count * price for _, count, price in lines) + 4.95, 2)
    row: Row = {
        "id": 500000 + number,
        "createdAt": moment,
        "updatedAt": moment,
        "number": f"ORD{number:05d}",
        "status": "completed_shipped",
        "channel": "main",
        "remoteIp": buyer["remoteIp"],
        "userAgent": _AGENT,
        "priceExcl": round(total / 1.21, 2),
        "priceIncl": total,
        **{name: buyer[name] for name in (*_FROM_CUSTOMER, *_COMPANY)},
        "newsletterSubscribed": False,
        **{name: value for name, value in buyer.items() if name.startswith("address")},
        "paymentId": "buckaroo",
        "paymentStatus": "paid",
        "paymentTitle": "iDEAL",
        "paymentData": {"method": "ideal"},
        "shipmentId": "dhl|1|1",
        "shipmentStatus": "shipped",
        "shipmentTitle": "DHL",
        "shipmentData": {"method": "dhl"},
        "discountCouponCode": "",
        "comment": "",
        "memo": "",
        "allowNotifications": True,
        "doNotifyNew": True,
        "doNotifyReminder": False,
        "doNotifyCancelled": True,
        "language": dict(_DUTCH),
        "customer": buyer["id"],
        **more,
    }
    shop.orders.append(row)
    for index, (product, count, price) in enumerate(lines):
        shop.order_products.append(
            {
                "id": number * 100 + index,
                "order": row["id"],
                "brandTitle": "LESSEAU",
                "productTitle": product,
                "variantTitle": "Standaard",
                "taxRate": 0.21,
                "quantityOrdered": count,
                "articleCode": f"LS-{index + 1:03d}",
                "priceIncl": price,
                "customFields": False,
            }
        )
    shop.order_events.append(
        {
            "id": number * 10,
            "createdAt": moment,
            "channel": "main",
            "type": "order",
            "message": "new",
            "comment": None,
            "order": row["id"],
            "invoice": False,
            "shipment": False,
        }
    )
    shop.invoices.append(
        {
            "id": 600000 + number,
            "createdAt": moment,
            "updatedAt": moment,
            "number": f"INV{number:05d}",
            "status": "paid",
            "isVatShifted": False,
            "priceExcl": row["priceExcl"],
            "priceIncl": total,
            "doNotifyNew": False,
            "doNotifyPaid": False,
            "isCreditNote": False,
            "creditNote": False,
            "order": row["id"],
            "customer": buyer["id"],
        }
    )
    for index, (product, count, price) in enumerate(lines):
        shop.invoice_items.append(
            {
                "id": number * 100 + index,
                "invoice": 600000 + number,
                "type": "product",
                "title": product,
                "taxRate": 0.21,
                "priceIncl": price,
                "quantity": count,
            }
        )
    shop.shipments.append(
        {
            "id": 700000 + number,
            "createdAt": moment,
            "updatedAt": moment,
            "number": f"SHIP{number:05d}",
            "status": "shipped",
            "trackingCode": f"JVGL06{number:014d}",
            "doNotifyShipped": True,
            "doNotifyReadyForPickup": False,
            "doNotifyTrackingCode": True,
            "totalWeight": 350,
            "customer": buyer["id"],
            "order": row["id"],
        }
    )
    for index, (product, count, _) in enumerate(lines):
        shop.shipment_products.append(
            {
                "id": number * 100 + index,
                "shipment": 700000 + number,
                "quantity": count,
                "title": product,
                "variant": "Standaard",
                "customData": [],
            }
        )
    return row


def _stamped(number: int, day: str, **more: Any) -> Row:
    return {"id": number, "createdAt": f"{day}T09:15:00+01:00", "updatedAt": f"{day}T09:15:00+01:00", **more}


def _made() -> Shop:
    shop = Shop()
    people = [
        customer(
            70001,
            HANNEKE,
            "Hanneke||Verbrugge",
            "Voorbeeldstraat|1|2600 AA|Delft|nl",
            gender="female",
            birthDate="1951-03-09",
            phone="015-0000000",
            memo="Belt liever dan dat zij mailt.",
        ),
        customer(70002, DE_GROOT, "Pieter|de|Groot", "Kerkpad|12|2611 ZZ|Delft|nl", gender="male"),
        customer(70003, DE_GROOT, "Marijke|de|Groot", "Kerkpad|12|2611 ZZ|Delft|nl", birthDate="", userAgent=_AGENT),
        customer(
            70004, "Fatima.ElAmrani@Example.org", "Fatima|el|Amrani", "Lindelaan|5|3011 ZZ|Rotterdam|nl", birthDate=None
        ),
        customer(70005, FATIMA, "Fatima|el|Amrani", "Lindelaan|5|3011 ZZ|Rotterdam|nl", type="guest"),
        customer(
            70006,
            BRAM,
            "Bram||Kuipers",
            "Havenkade|88|1011 ZZ|Amsterdam|nl",
            type="guest",
            isConfirmed=False,
            remoteIp=False,
        ),
        customer(70007, SANNE, "Sanne||Vis", "Dorpsstraat|3|4331 ZZ|Middelburg|nl", mobile="+31 6 00000000"),
        customer(
            70008,
            GIJS,
            "Gijs||Oudejans",
            "Marktplein|7|8011 ZZ|Zwolle|nl",
            isCompany=True,
            companyName='=HYPERLINK("https://lokaas.example";"Klik hier")',
            companyCoCNumber="00000000",
            companyVatNumber="NL000000000B00",
            memo="-2+3 <b>vaste klant</b> & vriend",
        ),
        customer(70009, ILSE, "Ilse||Bakhuis", "Molenweg|21|9711 ZZ|Groningen|nl", gender="female"),
        customer(70010, THIJS, "Thijs||Meerman", "Singel|40|6511 ZZ|Nijmegen|nl"),
        customer(70011, NOOR, "Noor||Haverkamp", "Esdoornlaan|9|5611 ZZ|Eindhoven|nl"),
        customer(70012, JUERGEN, "Jürgen||Weiß", "Beispielweg|4|10115|Berlin|de"),
        customer(70013, JAN, "Jan||Verbrugge", "Voorbeeldstraat|2|2600 AB|Delft|nl"),
    ]
    shop.customers = people
    by_id = {row["id"]: row for row in people}
    shop.customer_metafields = [_stamped(1, "2024-05-03", customer=70001, key="geurvoorkeur", value="lavendel")]
    shop.groups = [_stamped(31, "2024-01-02", title="Vaste klanten"), _stamped(32, "2024-01-02", title="Kappers")]
    shop.group_members = [
        {"id": 9001, "group": 31, "customer": 70001},
        {"id": 9002, "group": 32, "customer": 70008},
    ]
    soap, shampoo, oil = "Lavendelzeep", "Shampooblok brandnetel", "Badolie sinaasappel"
    place_order(shop, by_id[70001], 42, "2025-03-04", [(soap, 3, 6.75), (shampoo, 1, 11.5)])
    place_order(
        shop,
        by_id[70001],
        57,
        "2025-09-18",
        [(oil, 1, 14.95)],
        comment="Graag bij de buren op nummer 3 afgeven.",
        status="processing_awaiting_shipment",
        shipmentStatus="not_shipped",
    )
    place_order(shop, by_id[70002], 43, "2025-03-05", [(shampoo, 2, 11.5)])
    place_order(shop, by_id[70003], 44, "2025-04-11", [(soap, 4, 6.75)])
    place_order(shop, by_id[70004], 45, "2025-04-20", [(oil, 1, 14.95)])
    place_order(shop, by_id[70005], 46, "2025-05-01", [(soap, 1, 6.75)])
    place_order(shop, by_id[70006], 47, "2025-05-09", [(soap, 2, 6.75)])
    place_order(shop, by_id[70007], 48, "2025-06-15", [(shampoo, 1, 11.5)])
    place_order(shop, by_id[70007], 49, "2025-07-02", [(oil, 2, 14.95)], email=SANNE_AT_WORK)
    place_order(shop, by_id[70008], 50, "2025-07-20", [(shampoo, 20, 11.5)])
    place_order(shop, by_id[70009], 51, "2025-08-03", [(oil, 1, 14.95)])
    place_order(shop, by_id[70010], 52, "2025-08-14", [(soap, 1, 6.75)])
    place_order(shop, by_id[70012], 53, "2025-09-01", [(soap, 6, 6.75)])
    place_order(shop, by_id[70013], 54, "2025-09-02", [(soap, 1, 6.75)])
    shop.order_metafields = [_stamped(1, "2025-03-04", order=500042, key="cadeautekst", value="Voor Truus, van harte!")]
    shop.returns = [
        _stamped(
            17001,
            "2025-08-12",
            customerId=70009,
            orderId=500051,
            status="authorized",
            numProducts=1,
            priceIncl="14.95",
            returnReason="Rode vlekken gekregen",
            returnAction="Geld terug",
            customerComment="Mijn huid reageert erop.",
            staffNote="Huidreactie: melden aan inkoop.",
            mailMessage="",
            notifyStatus=False,
            orderProducts=[{"id": 5100, "quantity": 1}],
        )
    ]
    shop.reviews = [
        _stamped(
            8001,
            "2025-03-20",
            isVisible=True,
            score=5,
            name="Hanneke",
            content="Ruikt heerlijk, mijn zus Truus is er ook blij mee.",
            customer=70001,
            language=dict(_DUTCH),
        ),
        _stamped(
            8002,
            "2025-08-12",
            isVisible=False,
            score=1,
            name="Ilse B.",
            content="Kreeg er uitslag van.",
            customer=70009,
            language=dict(_DUTCH),
        ),
    ]
    shop.subscriptions = [
        _stamped(
            2001,
            "2024-05-02",
            isConfirmed=True,
            email=HANNEKE,
            firstname="Hanneke",
            lastname="Verbrugge",
            doNotifyConfirmed=True,
            language=dict(_DUTCH),
        ),
        _stamped(
            2002,
            "2025-02-01",
            isConfirmed=True,
            email=WILMA,
            firstname="",
            lastname="",
            doNotifyConfirmed=True,
            language=dict(_DUTCH),
        ),
    ]
    shop.tickets = [
        _stamped(
            3001,
            "2025-03-10",
            isAnswered=True,
            isClosed=True,
            isTodo=False,
            subject="Waar blijft mijn pakket?",
            memo="",
            doNotifyAnswered=True,
            language=dict(_DUTCH),
            customer=70001,
        ),
        _stamped(
            3002,
            "2025-08-20",
            isAnswered=False,
            isClosed=False,
            isTodo=True,
            subject="Verkeerde zeep",
            memo="Bellen",
            doNotifyAnswered=True,
            language=False,
            customer=70010,
        ),
    ]
    shop.ticket_messages = [
        {
            "id": 3101,
            "ticket": 3001,
            "createdAt": "2025-03-10T09:15:00+01:00",
            "updatedAt": None,
            "from": "customer",
            "message": "Mijn pakket is er nog niet.\nKunt u dat nakijken?",
        },
        {
            "id": 3102,
            "ticket": 3001,
            "createdAt": "2025-03-10T11:00:00+01:00",
            "updatedAt": None,
            "from": "admin",
            "message": "Het komt morgen.",
        },
        {
            "id": 3103,
            "ticket": 3002,
            "createdAt": "2025-08-20T09:15:00+01:00",
            "updatedAt": None,
            "from": "customer",
            "message": "Ik kreeg de doos van mevrouw De Wit van nummer 42.",
        },
    ]
    shop.contacts = [
        {
            "id": 4001,
            "createdAt": "2025-06-06T20:01:00+02:00",
            "name": "Yusuf Demir",
            "company": False,
            "email": YUSUF,
            "phone": "",
            "subject": "Allergie",
            "message": "Zit er noot in de badolie?",
            "language": dict(_DUTCH),
        },
        {
            "id": 4002,
            "createdAt": "2025-06-07T08:30:00+02:00",
            "name": "H. Verbrugge",
            "company": "",
            "email": "Hanneke.Verbrugge@example.nl",
            "phone": "015-0000000",
            "subject": "Openingstijden",
            "message": "Bent u zaterdag open?",
            "language": dict(_DUTCH),
        },
    ]
    shop.quotes = [
        _stamped(
            21001,
            "2025-10-01",
            recalculatedAt="2025-10-01T09:15:00+02:00",
            recoveryHash="00000000000000000000000000021001",
            remoteIp="198.51.100.7",
            userAgent=_AGENT,
            shipmentCountry=country("nl"),
            shipmentZipcode="5611 ZZ",
            paymentData="",
            discountCouponCode="",
            comment=None,
            allowNotifications=True,
            priceIncl=14.95,
            customer=70011,
        )
    ]
    shop.quote_products = [
        _stamped(2100101, "2025-10-01", quote=21001, isCustom=False, customFields=False, quantity=1, priceIncl=14.95)
    ]
    shop.checkouts = [_stamped(22001, "2025-10-02", email=NOOR, customer=70011)]
    shop.blog_comments = [
        _stamped(
            5001,
            "2025-05-15",
            isApproved=True,
            name="Loes A.",
            email=LOES,
            content="Wat een mooi verhaal over de zeepzieder.",
            language=dict(_DUTCH),
            customer=False,
        )
    ]
    return shop


_SHOP = _made()


def invented_shop() -> Shop:
    """A fresh copy of the invented shop: thirteen customer records of twelve persons, and three persons without one."""
    return _SHOP.copy()
