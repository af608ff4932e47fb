"""Attention calls as they ran: recorded, laid out, changed and counted."""
