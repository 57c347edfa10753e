"""The bundled project serves real browsers with ``runserver``."""

from __future__ import annotations

import re
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

import pytest

TIMEOUT_SECONDS = 30
CREDENTIALS = {"username": "ada", "password": "lovelace"}


@pytest.fixture
def browser() -> urllib.request.OpenerDirector:
    """Return a client that keeps cookies and follows redirects."""
    return urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
    )


def read(
    browser: urllib.request.OpenerDirector, url: str, data: dict[str, str] | None = None
) -> tuple[int, str]:
    """Return status and text of a page; with ``data`` fill in the form that is on it."""
    body = None
    if data is not None:
        _status, form = read(browser, url)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
        assert token is not None
        body = urllib.parse.urlencode({**data, "csrfmiddlewaretoken": token[1]}).encode()
    try:
        with browser.open(url, body, timeout=TIMEOUT_SECONDS) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_pages(address: str, browser: urllib.request.OpenerDirector) -> None:
    """The server answers the working pages with 200 and the broken one with 500."""
    assert [read(browser, f"{address}/{path}")[0] for path in ("", "async/", "home/")] == [200, 200, 500]


def test_log_in_and_out(address: str, browser: urllib.request.OpenerDirector) -> None:
    """A wrong password shows the form again, the right one greets the user, who can leave again."""
    status, page = read(browser, f"{address}/login/", CREDENTIALS | {"password": "wrong"})
    assert (status, "Please enter a correct username and password" in page) == (200, True)
    status, page = read(browser, f"{address}/login/", CREDENTIALS)
    assert (status, "Welcome, ada." in page, "Log out ada" in page) == (200, True, True)
    # The form to log out is on every page; it is read from one and sent to logout/.
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token is not None
    body = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1]}).encode()
    with browser.open(f"{address}/logout/", body, timeout=TIMEOUT_SECONDS) as answer:
        assert "Log in" in answer.read().decode()


def test_admin_is_styled(address: str, browser: urllib.request.OpenerDirector) -> None:
    """The admin lets the superuser in and finds its stylesheets."""
    status, page = read(browser, f"{address}/admin/login/?next=/admin/", CREDENTIALS | {"next": "/admin/"})
    assert (status, "Audit entries" in page) == (200, True)
    stylesheet = re.search(r'href="(/static/[^"]+\.css)"', page)
    assert stylesheet is not None
    assert read(browser, address + stylesheet[1])[0] == 200
