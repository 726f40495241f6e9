"""Telemetry in an SQLite file, for tools that read it while it grows (docs/data.md has the tables)."""

import json
import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from host_tools.common.private import private_file

SCHEMA = 1
APPLICATION_ID = 0x54484543  # "THEC"
COLUMNS = (
    "seq", "uptime_s", "wall", "therapy", "operation", "rate_nl_per_day", "dose_ng_per_day",
    "concentration_mcg_per_ml", "reservoir_nl", "delivered_nl", "delivered_today_mcg", "battery_mv",
    "telemetry_dropped", "alarms",
)  # fmt: skip
_TABLES = """
CREATE TABLE run (
    id INTEGER PRIMARY KEY, serial TEXT NOT NULL, model TEXT NOT NULL, firmware TEXT NOT NULL, schema TEXT NOT NULL,
    wall TEXT);
CREATE TABLE telemetry (
    run INTEGER NOT NULL REFERENCES run (id), seq INTEGER NOT NULL, uptime_s INTEGER NOT NULL, wall TEXT,
    therapy TEXT NOT NULL, operation TEXT NOT NULL, rate_nl_per_day INTEGER NOT NULL, dose_ng_per_day INTEGER NOT NULL,
    concentration_mcg_per_ml INTEGER NOT NULL, reservoir_nl INTEGER NOT NULL, delivered_nl INTEGER NOT NULL,
    delivered_today_mcg INTEGER NOT NULL, battery_mv INTEGER, telemetry_dropped INTEGER NOT NULL, alarms TEXT NOT NULL);
CREATE INDEX telemetry_by_time ON telemetry (run, uptime_s);
"""
_INSERT = f"INSERT INTO telemetry (run, {', '.join(COLUMNS)}) VALUES ({', '.join('?' * (len(COLUMNS) + 1))})"


class FileError(RuntimeError):
    """The file cannot take telemetry; the message says why."""

    kind = "store"


class TelemetryFile:
    """Rows are added to a file that is ours or new, each committed at once. FileError for any other.

    A new file is for its owner alone: what a pump gives says much of who has it.

    `rows` were added. They cover `covered_s` of the pump's uptime, in which the pump dropped `dropped` more messages.
    """

    def __init__(self, path: Path, status: Mapping[str, Any]) -> None:
        self._path = path
        self.rows = self.covered_s = self.dropped = 0
        self._last: tuple[int, int] | None = None
        try:
            if not path.exists():
                os.close(private_file(path, new=True))
            self._db = sqlite3.connect(path)
            try:
                self._prepare()
                run = [status[column] for column in ("serial", "model", "firmware", "schema", "wall")]
                sql = "INSERT INTO run (serial, model, firmware, schema, wall) VALUES (?, ?, ?, ?, ?)"
                with self._db:
                    self._run = self._db.execute(sql, run).lastrowid
            except BaseException:
                self._db.close()
                raise
        except (sqlite3.Error, OSError) as error:
            raise FileError(f"{path} cannot take telemetry: {error}") from error

    def _prepare(self) -> None:
        (application,) = self._db.execute("PRAGMA application_id").fetchone()
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if not tables:
            self._db.executescript(
                f"BEGIN; {_TABLES} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SCHEMA}; COMMIT;"
            )
        elif (application, version) != (APPLICATION_ID, SCHEMA):
            raise FileError(f"{self._path} is an SQLite file of something else, or of another version; name a new file")

    def add(self, update: Mapping[str, Any]) -> None:
        """One update of `Programmer.watch`."""
        row = [json.dumps(update[column]) if column == "alarms" else update[column] for column in COLUMNS]
        try:
            with self._db:
                self._db.execute(_INSERT, [self._run, *row])
        except sqlite3.Error as error:
            raise FileError(f"{self._path} takes no more telemetry: {error}") from error
        self.rows += 1
        now_s, count = update["uptime_s"], update["telemetry_dropped"]
        if self._last:
            last_s, last_count = self._last
            self.covered_s += max(0, now_s - last_s)
            self.dropped += count - last_count if count >= last_count else count  # else it restarted, and counts anew
        self._last = now_s, count

    @property
    def size_bytes(self) -> int:
        """All of the file, with the rows that it had before."""
        return self._path.stat().st_size

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
