from audiosearch.config import flow_settings, read_flow_yml
from audiosearch.windows import WindowPlan


def test_the_settings_are_those_of_flow_yml() -> None:
    config = read_flow_yml()
    boxes = {box["name"]: box["uses_with"] for box in config["executors"]}
    settings = flow_settings()
    assert (config["gateway"]["host"], config["gateway"]["port"]) == ("127.0.0.1", 45678)
    assert settings.model == boxes["encoder"]["model"]
    assert settings.fallback == boxes["encoder"]["fallback"]
    assert settings.encoder.min_duration == boxes["encoder"]["min_duration"]
    cut = boxes["segmenter"]
    assert settings.windows == WindowPlan(cut["window_size"], cut["stride"])
    assert settings.res_type == cut["res_type"]


def test_an_encoder_asked_for_has_no_fallback() -> None:
    settings = flow_settings("yamnet")
    assert (settings.model, settings.fallback) == ("yamnet", None)
