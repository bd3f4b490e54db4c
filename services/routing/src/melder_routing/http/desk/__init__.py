"""The desk: the pages on which clerks work. ``install_desk`` puts it into an application."""

from fastapi import FastAPI

from melder_routing.http.desk.access import answer_sign_in_needed, sign_in_router
from melder_routing.http.desk.actions import action_router
from melder_routing.http.desk.case_pages import case_router
from melder_routing.http.desk.desk import Desk, SignInNeeded
from melder_routing.http.desk.list_pages import list_router
from melder_routing.http.desk.place_actions import place_router
from melder_routing.http.desk.problems import render_desk_problem

__all__ = ["Desk", "install_desk", "render_desk_problem"]


def install_desk(app: FastAPI, desk: Desk) -> None:
    """Add the desk's routes (all under ``/desk``) and what happens to people not signed in."""
    for make in (sign_in_router, list_router, case_router, action_router, place_router):
        app.include_router(make(desk), prefix="/desk", tags=["desk"])
    app.add_exception_handler(SignInNeeded, answer_sign_in_needed)
