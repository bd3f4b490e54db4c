"""Who is asking: the client behind the key, within its quota and its services."""

from fastapi import Request

from melder_common.rate_limit import client_network
from melder_intake.domain.api_client import ApiClient
from melder_intake.domain.catalogue import Catalogue
from melder_intake.http.client_quotas import count_request
from melder_intake.http.open311.errors import Open311Error
from melder_intake.http.open311.posts import KEY_HEADERS, Posted
from melder_intake.parts import Parts

WRONG_KEYS_PER_MINUTE = "30/minute"


async def require_client(parts: Parts, request: Request, posted: Posted) -> ApiClient:
    """The client behind the key in body, query or header. Raises Open311Error 403 and 429."""
    key = posted.one("api_key") or next(
        (request.headers[name] for name in KEY_HEADERS if request.headers.get(name)), ""
    )
    client = await parts.clients.find(key.strip()) if key else None
    if client is None:
        parts.limiter.check("open311-wrong-key", WRONG_KEYS_PER_MINUTE, client_network(request))
        told = "Dieser Schlüssel gilt nicht." if key else "Zum Senden ist ein Schlüssel nötig."
        raise Open311Error(403, f"api_key: {told}")
    if wait_s := await count_request(parts, client):
        raise _too_many(client, wait_s)
    return client


def require_service(client: ApiClient, service: str, catalogue: Catalogue) -> None:
    """Raises Open311Error 403 when there is such a service and the client may not report in it."""
    if service in catalogue.categories and not client.may_report(service):
        allowed = ", ".join(sorted(client.services))
        raise Open311Error(
            403,
            f"service_code: Dieser Schlüssel gilt nicht für „{service}“, sondern für: {allowed}.",
        )


def _too_many(client: ApiClient, wait_s: int) -> Open311Error:
    quota = f"{client.requests_per_minute} je Minute"
    if client.requests_per_day is not None:
        quota += f", {client.requests_per_day} am Tag"
    refused = Open311Error(
        429,
        f"api_key: Dieser Schlüssel erlaubt {quota}. Bitte warten Sie {wait_s} Sekunden.",
    )
    refused.headers = {"Retry-After": str(wait_s)}
    return refused
