"""Fax numbers and documents for tests."""

from ringmain.core.system import Core
from tests.documents.papers import paper, saying

FAX_NUMBER = "+12052726012"
DOCUMENT = paper(saying("Page one"), saying("Page two"))


async def fax_number(core: Core, company_id: int, number: str = FAX_NUMBER, *owners: str) -> None:
    await core.numbers.create(company_id, number, sms=False, fax=True, owner_emails=owners)


async def document_file(core: Core, company_id: int, content: bytes = DOCUMENT, mimetype: str | None = None) -> int:
    file = await core.files.create(company_id, name="letter")
    await core.files.upload(company_id, file.id, content=content, uploaded_name="letter.pdf", mimetype=mimetype)
    return file.id
