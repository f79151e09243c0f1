"""Ringmain: a self-hosted business phone system."""
