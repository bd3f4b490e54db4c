"""A route for endpoints that read the request themselves: told to OpenAPI, called directly."""

import inspect
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute


class PlainRoute(APIRoute):
    """Hands its endpoint the request and the texts of the path, and sends the Response it gives.

    OpenAPI describes it as any other route; per request nothing is solved, validated or written by
    FastAPI, which costs about as much as accepting a report. Raises TypeError for an endpoint that
    wants more. Never include it with dependencies: they would not be asked.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        given = {self.dependant.request_param_name, *self.param_convertors}
        texts = all(field.field_info.annotation is str for field in self.dependant.path_params)
        if set(inspect.signature(endpoint).parameters) != given or not texts or self.dependencies:
            raise TypeError(f"{path}: a plain route takes the request and the texts of the path")

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What is called for each request."""
        endpoint, name = self.endpoint, self.dependant.request_param_name or ""

        async def handle(request: Request) -> Response:
            answer: Response = await endpoint(**{name: request}, **request.path_params)
            return answer

        return handle
