"""SMPP 3.4 as an ESME: codec, session, supervised link, receipts and message parts.

Free of the core and of SQL; the carrier adapter joins it to them. Rules: specs/messaging.md 1.
"""
