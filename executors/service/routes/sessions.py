"""The page's way to show the token: players and event streams cannot send headers."""

from http import HTTPStatus

from fastapi import APIRouter, Depends, Response

from executors.pipeline import RefusedError
from executors.service.access import COOKIE, SESSION_S
from executors.service.context import Service
from executors.service.problems import problems, require_json
from executors.service.requests import SessionBody


def sessions(service: Service) -> APIRouter:
    """Make the routes of sessions."""
    router = APIRouter(
        prefix="/session", tags=["session"], responses=problems("bad_request", "unsupported")
    )

    @router.post("", status_code=HTTPStatus.NO_CONTENT, dependencies=[Depends(require_json)])
    async def open_session(body: SessionBody, response: Response) -> None:
        """Exchange the token for a cookie."""
        if not service.tokens.required:
            return
        if not service.tokens.is_token(body.token):
            raise RefusedError(
                "unauthorized",
                "received another token than the service was started with in AUDIOSEARCH_TOKEN",
            )
        response.set_cookie(
            COOKIE,
            service.tokens.new_session(),
            max_age=SESSION_S,
            httponly=True,
            samesite="strict",
        )

    @router.delete("", status_code=HTTPStatus.NO_CONTENT)
    async def close_session(response: Response) -> None:
        """Take the cookie back."""
        response.delete_cookie(COOKIE, httponly=True, samesite="strict")

    return router
