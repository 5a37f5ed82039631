"""The interactive documentation: complete, true, and served without internet."""

import re
from typing import Any
from urllib.parse import urljoin

import pytest

from tests.integration.service import Service

LOADED = re.compile(r"""(?:src|href)\s*=\s*["']([^"']+)["']|url:?\s*\(?\s*["']([^"']+)["']""")
OTHER_HOST = re.compile(rb"url\(\s*[\"']?(?:https?:)?//|@import", re.IGNORECASE)


@pytest.fixture(scope="module")
def openapi(toy_service: Service) -> dict[str, Any]:
    document: dict[str, Any] = toy_service.get("/openapi.json").json()
    return document


def operations(openapi: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    }


def test_page_loads_nothing_from_other_hosts(toy_service: Service) -> None:
    page = "/docs"
    html = toy_service.get(page)
    assert html.headers["Content-Type"].startswith("text/html")
    assert "//" not in re.sub(r"<!--.*?-->", "", html.text, flags=re.DOTALL)
    addresses = {one or other for one, other in LOADED.findall(html.text)}
    assert any(address.endswith(".js") for address in addresses)
    assert "/openapi.json" in html.text
    for address in addresses:
        asset = toy_service.get(urljoin(page, address))
        assert asset.status_code == 200, address
        assert asset.content
        if address.endswith(".css"):
            assert not OTHER_HOST.search(asset.content)


def test_home_leads_somewhere(toy_service: Service) -> None:
    assert toy_service.get("/", follow_redirects=True).status_code == 200


def test_each_operation_is_described(openapi: dict[str, Any]) -> None:
    described = operations(openapi)
    assert set(described) >= set(STATUSES)
    assert "GET /" not in described
    for operation in described.values():
        assert operation["summary"]
        assert operation["description"]
        for status, response in operation["responses"].items():
            assert response["description"], status


EVERYWHERE = {"401", "403", "422", "500", "503"}
STATUSES = {
    "GET /health": {"200"},
    "POST /search": {"200", "400", "404", "409", "413", "415", "429", "504"},
    "POST /search/upload": {"200", "400", "404", "409", "413", "415", "429", "504"},
    "POST /index": {"200", "400", "413", "415"},
    "POST /jobs": {"202", "400", "404", "413", "415", "429"},
    "GET /recordings/{recording_id}/audio": {"200", "206", "404", "416", "429", "504"},
    "DELETE /recordings/{recording_id}": {"204", "404"},
}


@pytest.mark.parametrize("name", STATUSES)
def test_statuses_are_listed(openapi: dict[str, Any], name: str) -> None:
    responses = operations(openapi)[name]["responses"]
    assert set(responses) == STATUSES[name] | EVERYWHERE
    for status, response in responses.items():
        if status >= "400":
            [media_type] = response["content"]
            assert media_type == "application/problem+json"
            shape = response["content"][media_type]["schema"]["$ref"].rpartition("/")[2]
            fields = openapi["components"]["schemas"][shape]["properties"]
            assert set(fields) == {"type", "title", "status", "detail", "code"}


def test_examples_succeed_as_they_stand(toy_service: Service, openapi: dict[str, Any]) -> None:
    schemas = openapi["components"]["schemas"]
    for path in ("/search", "/index"):
        content = openapi["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        schema = schemas[content["schema"]["$ref"].rpartition("/")[2]]
        response = toy_service.post(path, schema["example"])
        assert response.status_code == 200, response.text
        [answer] = response.json()["data"]
        assert answer["uri"] == schema["example"]["data"][0]["uri"]
        assert answer.get("matches") or answer["status"] == "unchanged"


DESCRIBED = ("Query", "NewRecording", "SearchParameters", "FilterParameters", "IndexParameters")


def test_each_field_is_described(openapi: dict[str, Any]) -> None:
    schemas = openapi["components"]["schemas"]
    for name in DESCRIBED:
        for field, schema in schemas[name]["properties"].items():
            assert schema.get("description"), f"{name}.{field}"
