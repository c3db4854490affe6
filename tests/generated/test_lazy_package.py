"""The model package: nothing is loaded before it is touched, and the first touch may come from many threads."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import get_args

import pytest

from openai_codex import models as models_module, types
from openai_codex._generated import models
from openai_codex._generated.rpc_sync import Rpc

SOURCES = Path(__file__).parents[2] / "src"


def in_a_fresh_interpreter(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        cwd=SOURCES,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


def test_no_model_and_no_pydantic_is_loaded_before_a_name_is_touched() -> None:
    out = in_a_fresh_interpreter(
        """
        import sys
        import openai_codex.protocol as protocol
        from openai_codex._generated import _methods, models
        assert "thread/start" in protocol.REQUESTS and "Thread" in dir(models)
        prefix = "openai_codex._generated.models."
        print([name for name in sys.modules if name.startswith(prefix) or name.startswith("pydantic")])
        models.FsReadFileParams
        print(sorted(name.removeprefix(prefix) for name in sys.modules if name.startswith(prefix)))
        """
    )
    before, after = out.splitlines()
    assert before == "[]"
    loaded = set(eval(after))
    assert "fs" in loaded and loaded <= {"fs", "core", "common"}


def test_the_hot_module_is_enough_for_an_everyday_session() -> None:
    out = in_a_fresh_interpreter(
        """
        import sys
        from openai_codex._generated import models, _methods
        for name in ("InitializeResponse", "ThreadStartParams", "ThreadStartResponse", "TurnStartParams",
                     "TurnStartResponse", "ItemCompletedNotification", "TurnCompletedNotification"):
            getattr(models, name).model_json_schema
        prefix = "openai_codex._generated.models."
        print(sorted(name.removeprefix(prefix) for name in sys.modules if name.startswith(prefix)))
        """
    )
    assert out == "['core']"


def test_a_namespace_module_is_loaded_when_it_is_touched() -> None:
    out = in_a_fresh_interpreter(
        """
        import sys
        from openai_codex._generated.rpc_sync import Rpc
        prefix = "openai_codex._generated.rpc_sync."
        def loaded():
            return sorted(name.removeprefix(prefix) for name in sys.modules if name.startswith(prefix))
        print(loaded())
        Rpc(None).fs
        print(loaded())
        """
    )
    assert out.splitlines() == ["[]", "['fs']"]


@pytest.mark.parametrize("name", ["Thred", "MODULES", "_private", "CamelCase", "__wrapped__"])
def test_misspelled_name_is_an_attribute_error_that_names_it(name: str) -> None:
    with pytest.raises(AttributeError, match=f"has no attribute '{name}'"):
        getattr(models, name)
    with pytest.raises(AttributeError, match=f"has no attribute '{name}'"):
        getattr(types, name)
    with pytest.raises(ImportError, match=name):
        exec(f"from openai_codex._generated.models import {name}")
    with pytest.raises(AttributeError, match=name):
        getattr(Rpc(print), name)


def test_dir_lists_every_type_and_each_of_them_is_there() -> None:
    assert set(dir(models)) >= set(models.MODULE_OF)
    assert dir(models) == sorted(dir(models))
    assert set(dir(types)) >= set(models.MODULE_OF)
    for name in models.MODULE_OF:
        assert getattr(models, name) is getattr(models, name)
        assert getattr(models, name).__name__ == name


def test_type_lives_in_the_module_that_the_index_names() -> None:
    for name, module in models.MODULE_OF.items():
        value = getattr(models, name)
        assert value.__module__ == f"{models.__name__}.{module}"


def test_no_submodule_bears_the_name_of_a_type() -> None:
    assert not set(models.MODULE_OF.values()) & set(models.MODULE_OF)


def test_every_deferred_model_survives_its_first_use_by_sixteen_threads_at_once() -> None:
    """All threads wait at one barrier before each model, so that its build is raced for."""
    out = in_a_fresh_interpreter(
        """
        import sys, threading
        sys.setswitchinterval(1e-6)
        from pydantic import BaseModel, ValidationError
        from openai_codex._generated import models
        types = [getattr(models, name) for name in models.MODULE_OF]
        kinds = [kind for kind in types if isinstance(kind, type) and issubclass(kind, BaseModel)]
        deferred = [kind for kind in kinds if not kind.__pydantic_complete__]
        assert len(kinds) > len(deferred) > 500
        barrier = threading.Barrier(16, timeout=30)
        errors = []
        def work():
            for kind in deferred:
                barrier.wait()
                try:
                    kind.model_validate({})
                except ValidationError:
                    pass
                except BaseException as error:
                    errors.append(f"{kind.__name__}: {error!r}")
        threads = [threading.Thread(target=work) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(errors or "fine")
        """
    )
    assert out == "fine"


def test_deferred_models_are_built_by_one_thread_at_a_time() -> None:
    out = in_a_fresh_interpreter(
        """
        import threading, time
        from pydantic import BaseModel
        from openai_codex._generated import models
        original = BaseModel.model_rebuild.__func__
        building, most = [], []
        def watched(cls, **options):
            building.append(cls)
            most.append(len({each.__name__ for each in building}))
            time.sleep(0.002)
            try:
                return original(cls, **options)
            finally:
                building.remove(cls)
        BaseModel.model_rebuild = classmethod(watched)
        kinds = [models.HooksListParams, models.FsReadFileParams, models.ModelListParams, models.PluginListParams]
        fields = [{}, {"path": "/x"}, {}, {}]
        barrier = threading.Barrier(4, timeout=30)
        def work(kind, raw):
            barrier.wait()
            kind.model_validate(raw)
        threads = [threading.Thread(target=work, args=pair) for pair in zip(kinds, fields)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(len(most) >= 4, max(most))
        """
    )
    assert out == "True 1"


@pytest.mark.parametrize("entry", ["construct", "adapter", "json"])
def test_first_use_of_deferred_types_by_sixteen_threads_at_once(entry: str) -> None:
    """By every way that a model or a union comes into use."""
    out = in_a_fresh_interpreter(
        f"""
        import json, sys, threading
        sys.setswitchinterval(1e-6)
        from openai_codex._generated import models
        from openai_codex._model import to_wire
        from pydantic import TypeAdapter
        entry = {entry!r}
        cases = [
            ("PluginListResponse", {{"marketplaces": []}}),
            ("HooksListResponse", {{"data": []}}),
            ("ConfigRequirementsReadResponse", {{}}),
            ("McpServerElicitationRequestResponse", {{"action": "decline"}}),
            ("ThreadListParams", {{"limit": 1}}),
            ("ListMcpServerStatusResponse", {{"data": []}}),
            ("LoginAccountParams", {{"type": "apiKey", "apiKey": "k"}}),
        ]
        barrier = threading.Barrier(16, timeout=30)
        errors = []
        def work(index):
            for name, raw in cases:
                barrier.wait()
                try:
                    kind = getattr(models, name)
                    if entry == "adapter" or not isinstance(kind, type):
                        value = TypeAdapter(kind).validate_python(raw)
                    elif entry == "construct":
                        value = kind(**raw)
                    else:
                        value = kind.model_validate_json(json.dumps(raw))
                    assert to_wire(value) == raw, (name, to_wire(value))
                except BaseException as error:
                    errors.append(f"{{name}}: {{error!r}}")
        threads = [threading.Thread(target=work, args=(index,)) for index in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(errors or "fine")
        """
    )
    assert out == "fine"


@pytest.mark.parametrize("name", ["InitializeResponse", "JsonValue", "Notification", "ServerInfo", "Unrecognized"])
def test_types_has_what_does_not_come_from_the_schema(name: str) -> None:
    assert getattr(types, name) is not getattr(models, name, None)
    assert name in dir(types)


@pytest.mark.parametrize("name", ["MODULE_OF", "__path__", "builtins"])
def test_types_has_nothing_but_types(name: str) -> None:
    assert hasattr(models, name)
    assert not hasattr(types, name)


def test_union_of_payloads_is_the_one_that_type_checkers_see() -> None:
    source = Path(models.__file__ or "").read_text(encoding="utf-8")
    spelled_out = source.partition("NotificationPayload: TypeAlias = (")[2].partition(")")[0]
    names = [member.__name__ for member in get_args(models_module.NotificationPayload)]
    assert names == [*sorted(names[:-2]), "HandlerFailure", "UnknownNotification"]
    assert set(names) == set(re.findall(r"\w+", spelled_out))
    assert types.NotificationPayload is models_module.NotificationPayload
    assert isinstance(types.UnknownNotification({}), models_module.NotificationPayload)


def test_models_and_types_have_the_same_objects() -> None:
    assert [name for name in models_module.__all__ if getattr(models_module, name) is not getattr(types, name)] == []
