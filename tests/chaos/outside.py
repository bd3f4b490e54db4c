"""The checker that stands outside: it knows the promises, and reads only HTTP, mails and S3.

It shares no code with the services and never looks into the database: what it cannot see, a citizen
cannot see either. ``look`` gathers, ``judge`` decides without any input but what was gathered.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from minio import Minio
from minio.error import S3Error

from .history import Promise

PAGE = 50


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands outside: public reports, mails, and how many photos the store has.

    ``photos``: ids of stored originals that were not there before the run.
    """

    reports: Sequence[Mapping[str, Any]]
    mails: Sequence[Mapping[str, Any]]
    photos: Collection[str]


def judge(promises: Sequence[Promise], asked: Collection[str], seen: Seen) -> list[str]:
    """Everything that is not as promised, one line each; empty when all is well."""
    return [
        *_judge_reports(promises, asked, seen.reports),
        *_judge_mails(promises, seen.mails),
        *_judge_photos(promises, seen.photos),
    ]


def _judge_reports(
    promises: Sequence[Promise], asked: Collection[str], reports: Iterable[Mapping[str, Any]]
) -> Iterable[str]:
    by_number = defaultdict(list)
    by_token = Counter[str]()
    for report in reports:
        by_number[report["service_request_id"]].append(report)
        by_token[str(report["description"] or "").partition(":")[0]] += 1
    for number, count in Counter(promise.number for promise in promises).items():
        if count > 1:
            yield f"number {number} was promised {count} times"
    for promise in promises:
        found = by_number.get(promise.number, [])
        if not found:
            yield f"lost: {promise.number} ({promise.token})"
        elif promise.token not in str(found[0]["description"]):
            yield f"changed: {promise.number} does not say {promise.token}"
        elif not found[0]["agency_responsible"]:
            yield f"unassigned: {promise.number}"
        if by_token[promise.token] > 1:
            yield f"doubled: {promise.token} is there {by_token[promise.token]} times"
    for token in by_token.keys() - set(asked):
        yield f"unasked: {token}"


def _judge_mails(promises: Sequence[Promise], mails: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """SMTP is at least once: a mail may come twice, under one Message-ID; two ids are two mails."""
    ids = defaultdict(set)
    for mail in mails:
        ids[mail["to"]].add(mail["headers"]["Message-ID"])
    for promise in promises:
        count = len(ids.get(promise.email, ()))
        if count != 1:
            kind = "untold" if count == 0 else "told twice"
            yield f"{kind}: {promise.email} of {promise.number} has {count} receipts"


def _judge_photos(promises: Sequence[Promise], photos: Collection[str]) -> Iterable[str]:
    owed = sum(promise.photos for promise in promises)
    if len(photos) != owed:
        kind = "lost" if len(photos) < owed else "doubled"
        yield f"photos {kind}: {owed} promised, {len(photos)} in the store"


class Observer:
    """Looks at one installation from outside."""

    def __init__(self, url: str, run: str, store: Minio, bucket: str = "melder-originals") -> None:
        self._url = url
        self._run = run
        self._store = store
        self._bucket = bucket
        self._before = self._photos()

    def look(self, promises: Sequence[Promise]) -> Seen:
        """Everything there is to see of this run."""
        return Seen(self._reports(promises), self._mails(), self._photos() - self._before)

    def wait_until_kept(
        self, promises: Sequence[Promise], asked: Collection[str], *, seconds: float
    ) -> list[str]:
        """Look until everything is as promised; what is still missing after ``seconds``."""
        until = time.monotonic() + seconds
        while True:
            wrong = judge(promises, asked, self.look(promises))
            if not wrong or time.monotonic() > until:
                return wrong
            time.sleep(1)

    def _reports(self, promises: Sequence[Promise]) -> list[dict[str, Any]]:
        """By number, as each citizen would ask; and the whole list, for what nobody was promised."""
        found = {}
        for start in range(0, len(promises), PAGE):
            numbers = ",".join(one.number for one in promises[start : start + PAGE])
            for report in self._get({"service_request_id": numbers}):
                found[report["service_request_id"]] = report
        page = 1
        while listed := self._get({"page": str(page)}):
            for report in listed:
                if f"-{self._run}-" in str(report["description"]):
                    found.setdefault(report["service_request_id"], report)
            page += 1
        return list(found.values())

    def _get(self, query: dict[str, str]) -> list[dict[str, Any]]:
        answer = httpx.get(f"{self._url}/open311/v2/requests.json", params=query, timeout=60)
        if answer.status_code == 404:
            return []
        answer.raise_for_status()
        reports: list[dict[str, Any]] = answer.json()
        return reports

    def _mails(self) -> list[dict[str, Any]]:
        query = {"to": f"{self._run}-"}
        answer = httpx.get(f"{self._url}/mail/messages.json", params=query, timeout=60)
        answer.raise_for_status()
        mails: list[dict[str, Any]] = answer.json()
        return mails

    def _photos(self) -> set[str]:
        try:
            names = [
                str(one.object_name)
                for one in self._store.list_objects(self._bucket, recursive=True)
            ]
        except S3Error as error:
            if error.code == "NoSuchBucket":
                return set()
            raise
        return {name.partition("/")[0] for name in names}
