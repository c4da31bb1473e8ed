"""The explorer as a web application: addresses to pages. Read-only: every request is a GET, and nothing is written.

Belongs here: routes, headers, what an error looks like. Does not belong here: what pages show (`content.py`), sockets (`server.py`).
"""

import contextlib
import functools
from collections.abc import AsyncIterator, Callable
from typing import Any

import jinja2
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.explorer import certainty, content, downloads
from bmyshop_profiles.explorer.asked import NAMES, Asked, NotThere, asked_of
from bmyshop_profiles.explorer.form import PRICES, brief_of, form_of, in_french, span
from bmyshop_profiles.explorer.geography import departement_name
from bmyshop_profiles.explorer.reading import Reader
from bmyshop_profiles.media.network import last_forecast
from bmyshop_profiles.media.page import FILES, file_of
from bmyshop_profiles.media.page import content as plan_content
from bmyshop_profiles.media.plan import make_plan
from bmyshop_profiles.media.rules import legal_rules
from bmyshop_profiles.questions.published import GRADES
from bmyshop_profiles.reports import words
from bmyshop_profiles.reports.page import html_templates
from bmyshop_profiles.settings import Settings

HOSTS = ["127.0.0.1", "localhost"]  # whoever asks under another name is another site (DNS rebinding)
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
TYPES = {"html": "text/html; charset=utf-8", "pdf": "application/pdf", "csv": "text/csv; charset=utf-8", "json": "application/json"}


def make_app(settings: Settings, *, month: str | None = None) -> Starlette:
    """The application over a data directory. month: shown first; default: the last."""
    pages = _Pages(Reader(settings), month)
    routes = [
        Route("/", pages.network),
        Route("/boutique", pages.shop),
        Route("/boutiques", pages.shops),
        Route("/comparer", pages.comparison),
        Route("/plan", pages.plan),
        Route("/plan/{file}", pages.plan_file),
        Route("/certitude", pages.certainty),
        Route("/csv/{figure}", pages.csv),
        Mount("/static", StaticFiles(packages=[("bmyshop_profiles.explorer", "static")])),
    ]
    errors: dict[Any, Callable[..., Response]] = {NotThere: pages.not_there, BmyshopError: pages.failed, HTTPException: pages.no_page}
    middleware = [Middleware(_Headers), Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False)]

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        pages.reader.close()

    return Starlette(routes=routes, middleware=middleware, exception_handlers=errors, lifespan=lifespan)


class _Headers:
    """Headers of every answer: nothing is loaded from elsewhere, and nobody else may take it in."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, told)


class _Pages:
    """An endpoint for each page."""

    def __init__(self, reader: Reader, month: str | None):
        self.reader, self._first = reader, month

    def network(self, request: Request) -> Response:
        months = self.reader.months()
        if not months:
            return _page("nothing.html.j2", data_dir=str(self.reader.settings.data_dir), asked=Asked(), months=[])
        asked = self._asked(request, months)
        with self.reader.month(asked.month) as month:
            return _page(
                "network.html.j2", asked=asked, months=months, k=self.reader.settings.receipts_to_publish, **content.network(month, asked)
            )

    def shop(self, request: Request) -> Response:
        asked = self._asked(request)
        with self.reader.month(asked.month) as month:
            return _page("shop.html.j2", asked=asked, shop=content.shop(month, asked, request.query_params.get("boutique", "")))

    def shops(self, request: Request) -> Response:
        asked, text = self._asked(request), request.query_params.get("q", "").strip()
        with self.reader.month(asked.month) as month:
            rows = content.found(month.shops("", ""), text).to_dict("records")
        beside = request.query_params.get("avec", "")
        return _page(
            "shops.html.j2", asked=asked, rows=rows, text=text, beside=beside, most=content.MOST_FOUND, kind_name=content.kind_name
        )

    def comparison(self, request: Request) -> Response:
        asked, keys = self._asked(request), [key for key in request.query_params.getlist("boutique") if key]
        if len(keys) != 2:
            return _page("choose.html.j2", asked=asked, keys=keys)
        with self.reader.month(asked.month) as month:
            both = [content.shop(month, asked, key) for key in keys]
        return _page("comparison.html.j2", asked=asked, both=both, keys=keys, parts=content.compared(*both), sure=certainty.of_comparison())

    def plan(self, request: Request) -> Response:
        query = request.query_params
        try:
            last = last_forecast(self.reader.settings)
        except BmyshopError:
            return _page("brief.html.j2", asked=self._asked(request), form=None, problem="", plan=None)
        with self.reader.month(last) as month:
            groups, choices = month.groups, content.choices(month)
            kinds = sorted(set(month.shops("", "").store_type))
        form, problem, plan = form_of(query, last, query.get("groupe", "")), "", None
        if "calculer" in query:
            try:
                plan = plan_content(make_plan(self.reader.settings, brief_of(form, groups)))
            except (NotThere, BmyshopError) as error:
                problem = in_french(error) if isinstance(error, BmyshopError) else str(error)
        return _page(
            "brief.html.j2", status=422 if problem else 200, asked=Asked(last), form=form, problem=problem, plan=plan, choices=choices,
            kinds=[(kind, content.kind_name(kind)) for kind in kinds], sectors=legal_rules().sectors, prices=PRICES, span=span(last),
            files=FILES, query=request.url.query,
        )  # fmt: skip

    def plan_file(self, request: Request) -> Response:
        name = request.path_params["file"]
        if name not in FILES:
            raise HTTPException(404)
        last = last_forecast(self.reader.settings)
        with self.reader.month(last) as month:
            groups = month.groups
        form = form_of(request.query_params, last, "")
        try:
            made = make_plan(self.reader.settings, brief_of(form, groups))
        except BmyshopError as error:
            raise NotThere(in_french(error)) from None
        return Response(file_of(made, name), media_type=TYPES[name.rpartition(".")[2]], headers=_attached(name))

    def certainty(self, request: Request) -> Response:
        return _page("certainty.html.j2", asked=self._asked(request), how=certainty.HOW, interval=certainty.INTERVAL,
                     hidden=certainty.hidden(self.reader.settings.receipts_to_publish))  # fmt: skip

    def csv(self, request: Request) -> Response:
        asked, figure = self._asked(request), request.path_params["figure"]
        keys = [key for key in request.query_params.getlist("boutique") if key]
        with self.reader.month(asked.month) as month:
            if figure == "boutique" and len(keys) == 1:
                table = downloads.card(month, asked, keys[0])
            elif figure == "comparaison" and len(keys) == 2:
                table = downloads.comparison(month, asked, *keys)
            elif figure in downloads.FIGURES:
                own = keys[:1] if figure in ("heures", "creneaux") else []
                table = downloads.FIGURES[figure](month, asked, *own)
            else:
                raise HTTPException(404)
        return StreamingResponse(downloads.text(table), media_type=TYPES["csv"], headers=_attached(f"{figure}-{asked.month}.csv"))

    def not_there(self, request: Request, error: Exception) -> Response:
        return self._problem(str(error), 404)

    def failed(self, request: Request, error: Exception) -> Response:
        return self._problem(str(error).splitlines()[0], 500)

    def no_page(self, request: Request, error: HTTPException) -> Response:
        told = "Cette page n’existe pas." if error.status_code == 404 else "Ici, on ne peut que lire."
        return self._problem(told, error.status_code)

    def _problem(self, sentence: str, status: int) -> Response:
        return _page("problem.html.j2", status=status, asked=Asked(), sentence=sentence)

    def _asked(self, request: Request, months: list[str] | None = None) -> Asked:
        known = self.reader.months() if months is None else months
        if not known:
            raise NotThere("Aucun mois n’a encore été calculé.")
        return asked_of(request.query_params, known, self._first or known[0])


def _attached(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"'}


def _page(name: str, *, status: int = 200, **shown: Any) -> HTMLResponse:
    return HTMLResponse(_environment().get_template(name).render(**shown), status_code=status)


@functools.cache
def _environment() -> jinja2.Environment:
    made = html_templates("bmyshop_profiles.explorer", "bmyshop_profiles.media")
    for each in (words.number, words.percent, words.counted, words.month_name, words.of_month, words.lower_first):
        made.filters[each.__name__] = each
    made.filters["departement"] = departement_name
    made.globals |= {"interval": words.interval, "GRADES": GRADES, "NAMES": NAMES, "WEEKDAYS": words.WEEKDAYS, "DAYPARTS": words.DAYPARTS}
    return made
