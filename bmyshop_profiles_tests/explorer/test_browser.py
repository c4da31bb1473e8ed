"""The explorer in a browser: found in three clicks, by keyboard alone, on a phone; nothing is asked of another machine."""

import shutil
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from bmyshop_profiles.explorer.app import make_app
from bmyshop_profiles.settings import Settings

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: apt-get install chromium"),
]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="module")
def address(explored: Settings) -> Iterator[str]:
    """A running explorer."""
    import uvicorn

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()  # what comes before the server is ready waits
        server = uvicorn.Server(uvicorn.Config(make_app(explored), log_level="error"))
        running = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        running.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        running.join(timeout=30)


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(params=[1280, 390], ids=["desktop", "phone"])
def width(request) -> int:
    return request.param


@pytest.fixture
def page(chromium, address, width):
    """A page of its own. Whatever it asks of another place, and whatever its security policy refuses, fails the test."""
    asked, said = [], []
    opened = chromium.new_page(viewport={"width": width, "height": 844}, base_url=address)
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("console", lambda message: said.append(message.text))
    yield opened
    opened.close()
    assert asked and {f"{urlsplit(url).scheme}://{urlsplit(url).netloc}" for url in asked if not url.startswith("data:")} == {address}
    assert [text for text in said if "422" not in text] == []  # a refused plan has that status, which the browser notes


def test_the_ten_best_bakeries_for_a_group_in_three_clicks(page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Presse").nth(1).click()  # what people buy
    page.get_by_role("link", name="boulangerie").click()
    rows = page.locator(".ranking tbody tr")
    assert rows.count() == 10
    assert rows.nth(0).get_by_role("link").inner_text() == "Fournil B01" and "29,0" in rows.nth(0).inner_text()
    with page.expect_download() as download:
        page.get_by_text("Télécharger le classement").click()  # and takes the list along
    assert download.value.suggested_filename == "boutiques-2025-04.csv"


def test_keyboard_alone(page) -> None:
    def reach(text: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            focus = "each => each.tagName === 'SELECT' ? '' : each.innerText || each.ariaLabel || ''"
            if page.evaluate(f"({focus})(document.activeElement)").startswith(text):
                return
        raise AssertionError(f"{text} is not reached")

    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Aller au contenu"
    page.keyboard.press("Enter")
    reach("Presse")
    page.keyboard.press("Enter")
    page.wait_for_url("**groupe=**")
    reach("boulangerie")
    page.keyboard.press("Enter")
    page.wait_for_url("**type=bakery**")
    reach("Comparer Fournil B01")
    page.keyboard.press("Space")
    reach("Comparer Fournil B02")
    page.keyboard.press("Space")
    reach("Comparer les deux")
    page.keyboard.press("Enter")
    page.wait_for_url("**/comparer**")
    assert page.get_by_role("heading", name="Fournil B02", exact=True).is_visible()
    reach("À quel point est-ce sûr ?")
    page.keyboard.press("Enter")
    assert page.get_by_text("les deux intervalles à 90 % ne se touchent pas").is_visible()


def test_pages_are_no_wider_than_the_window(page, width) -> None:
    addresses = (
        "/", "/?groupe=category-press", "/?groupe=category-press&departement=69", "/boutique?boutique=S1&groupe=category-press", "/plan",
        "/comparer?boutique=S1&boutique=B01", "/boutiques?q=Fournil", "/certitude", "/?mois=2025-03", "/boutique?boutique=X1",
    )  # fmt: skip
    for each in addresses:
        page.goto(each)
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, each


def test_a_plan_from_the_form(page) -> None:
    page.goto("/plan?groupe=category-press")
    page.get_by_label("Communes").fill("Villeurbanne")
    page.get_by_role("button", name="Faire le plan").click()
    assert page.get_by_role("heading", name="Les écrans").is_visible() and page.locator(".plan tbody tr").count() == 1
    page.get_by_label("Communes").fill("Nulle-Part")
    with page.expect_response(lambda response: "/plan" in response.url) as answered:
        page.get_by_role("button", name="Faire le plan").click()
    assert answered.value.status == 422 and page.get_by_role("alert").inner_text().endswith("La commune Nulle-Part est inconnue.")


def test_filters_by_the_form_and_the_map(page) -> None:
    page.goto("/?groupe=category-press")
    page.get_by_label("Département").select_option("69")
    page.get_by_role("button", name="Afficher").click()
    assert page.locator(".map svg").get_attribute("viewBox") != "0 0 1000 985"
    page.get_by_role("link", name="Toute la France").click()
    assert page.locator(".map svg").get_attribute("viewBox") == "0 0 1000 985"
    assert page.locator(".marks a").count() == 10
