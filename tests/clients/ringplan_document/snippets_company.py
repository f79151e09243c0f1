"""Company, users, locations, instances: snippets 1 to 11."""

from tests.clients.ringplan_document.client import UNKNOWN, Document
from tests.clients.ringplan_document.objects import Company, Contact, Instance, Location


def snippet_01(d: Document) -> None:
    """Get the current company."""
    answer = d.requests.get(d.API_URL + "/system/company", headers=d.headers)
    assert d.shows(answer, 200, Company).id == d.company_id


def snippet_02(d: Document) -> None:
    """Update the current company."""
    body = {"name": "New Company", "email": "new@example.net"}
    answer = d.requests.patch(d.API_URL + "/company", headers=d.primary, json=body)
    company = d.shows(answer, 200, Company)
    assert (company.name, company.email) == ("New Company", "new@example.net")
    d.problem(d.requests.patch(d.API_URL + "/company", headers=d.headers, json=body), 403)


def snippet_03(d: Document) -> None:
    """Return users in current company with given work email."""
    query = {"work_email": "sales@example.com"}
    answer = d.requests.get(d.API_URL + "/system/company/contacts", headers=d.headers, params=query)
    (contact,) = d.pages(answer, Contact)
    assert contact.id == d.sales_id
    query = {"work_email": "nobody@example.com"}
    d.empty(d.requests.get(d.API_URL + "/system/company/contacts", headers=d.headers, params=query))
    d.problem(d.requests.get(d.API_URL + "/system/company/contacts", headers=d.headers, params={"page": "x"}), 400)


def snippet_04(d: Document) -> None:
    """Add new user to current company."""
    email = d.name("jane") + "@example.com"
    body = {"first_name": "Jane", "contacts": {"email": email}}
    answer = d.requests.post(d.API_URL + "/company/contacts", headers=d.primary, json=body)
    contact = d.shows(answer, 201, Contact)
    assert (contact.first_name, contact.contacts.email) == ("Jane", email)
    d.problem(d.requests.post(d.API_URL + "/company/contacts", headers=d.primary, json={"first_name": "Jane"}), 400)
    d.problem(d.requests.post(d.API_URL + "/company/contacts", headers=d.headers, json=body), 403)


def snippet_05(d: Document) -> None:
    """Updating a user's details: emergency_contact_number is no field of a user, and ignored."""
    contact_id = d.jane_id
    headers = d.acting(contact_id)
    body = {"emergency_contact_number": "15554441234", "last_name": "Smith"}
    answer = d.requests.patch(d.API_URL + "/company/contacts/" + contact_id, headers=headers, json=body)
    assert d.shows(answer, 200, Contact).last_name == "Smith"
    url = d.API_URL + "/company/contacts/"
    d.problem(d.requests.patch(url + contact_id, headers=headers, json={"last_name": 5}), 400)
    d.problem(d.requests.patch(url + d.sales_id, headers=headers, json=body), 403)
    d.problem(d.requests.patch(url + UNKNOWN, headers=d.primary, json=body), 404)


def snippet_06(d: Document) -> None:
    """Deleting a user from the company: it answers who it was, which the snippet prints."""
    contact_id = d.made("/company/contacts", {"contacts": {"email": d.name("gone") + "@example.com"}})["id"]
    d.problem(d.requests.delete(d.API_URL + "/company/contacts/" + contact_id, headers=d.headers), 403)
    answer = d.requests.delete(d.API_URL + "/company/contacts/" + contact_id, headers=d.primary)
    assert d.shows(answer, 200, Contact).id == contact_id
    d.problem(d.requests.delete(d.API_URL + "/company/contacts/" + contact_id, headers=d.primary), 404)


def snippet_07(d: Document) -> None:
    """Get the list of locations belonging to the company."""
    answer = d.requests.get(d.API_URL + "/company/locations", headers=d.headers)
    assert d.location_id in [location.id for location in d.shows(answer, 200, list[Location])]


def snippet_08(d: Document) -> None:
    """Add a second location to the company."""
    body = {
        "name": d.name("Second Location"),
        "country": "United States",
        "state": "California",
        "city": "Carlsbad",
        "zip": "92008",
        "company_id": d.company_id,
    }
    answer = d.requests.post(d.API_URL + "/company/locations", headers=d.primary, json=body)
    location = d.shows(answer, 201, Location)
    assert (location.city, location.zip, location.company_id) == ("Carlsbad", "92008", d.company_id)
    foreign = {**body, "company_id": UNKNOWN}
    d.problem(d.requests.post(d.API_URL + "/company/locations", headers=d.primary, json=foreign), 400)
    d.problem(d.requests.post(d.API_URL + "/company/locations", headers=d.headers, json=body), 403)


def snippet_09(d: Document) -> None:
    """Partially update a company location."""
    location_id = d.made("/company/locations", {"name": d.name("New"), "city": "Carlsbad"})["id"]
    url, body = d.API_URL + "/company/locations/", {"name": d.name("Old Location")}
    answer = d.requests.patch(url + location_id, headers=d.primary, json=body)
    location = d.shows(answer, 200, Location)
    assert (location.name, location.city) == (body["name"], "Carlsbad")
    d.problem(d.requests.patch(url + location_id, headers=d.primary, json={"latitude": "north"}), 400)
    d.problem(d.requests.patch(url + location_id, headers=d.headers, json=body), 403)
    d.problem(d.requests.patch(url + UNKNOWN, headers=d.primary, json=body), 404)


def snippet_10(d: Document) -> None:
    """Delete a location from the company."""
    location_id = d.made("/company/locations", {"name": d.name("Closed")})["id"]
    d.problem(d.requests.delete(d.API_URL + "/company/locations/" + location_id, headers=d.headers), 403)
    answer = d.requests.delete(d.API_URL + "/company/locations/" + location_id, headers=d.primary)
    assert d.shows(answer, 200, Location).id == location_id
    d.problem(d.requests.delete(d.API_URL + "/company/locations/" + location_id, headers=d.primary), 404)


def snippet_11(d: Document) -> None:
    """Get the list of all instances in the company."""
    answer = d.requests.get(d.API_URL + "/instances", headers=d.headers)
    (instance,) = d.shows(answer, 200, list[Instance])
    assert (instance.fqdn, instance.hostname) == ("foobar.testing.example.com", "foobar")
