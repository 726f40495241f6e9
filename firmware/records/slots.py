"""The one map of the store: which slots hold what, as which kind and version of record, and how large.

A record has two slots and is written as record.py says. Raise its version whenever its layout changes: what an
older pump wrote is then found damaged, and never read as something else (docs/upgrades.md). No two records share a
kind.
"""

# A record: its two slots, kind, version, and the bytes of its values
LEDGER = ((0, 1), 1, 2, 44)
STATE = ((2, 3), 2, 5, 600)
WEEKS = (((4, 25), 3, 1, 917), ((5, 26), 3, 1, 917), ((24, 27), 3, 1, 917))
WINDOWS = ((6, 7), 4, 1, 960)
PATIENT = ((16, 17), 16, 2, 3234)
DOSES = ((18, 19), 18, 1, 2113)
KEY = ((28, 29), 28, 1, 37)

RECORDS = (LEDGER, STATE) + WEEKS + (WINDOWS, PATIENT, DOSES, KEY)

# A ring of log entries: its slots, one after another. All have this version, from which their checksums start
LOG = (8, 9, 10, 11, 12, 13, 14, 15)
FAULT_LOG = (20, 21, 22, 23)
LOG_VERSION = 0
