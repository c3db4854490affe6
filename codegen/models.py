"""Drive datamodel-code-generator over the normalised definitions: one Python module per module of the layout.

Its own templates (``codegen/dcg_templates``) put the base class, the union marker and the deferred build where they
belong; everything else about quality was settled by the normaliser.
"""

from __future__ import annotations

import copy
import warnings
from collections import defaultdict
from pathlib import Path
from typing import Any, cast

from datamodel_code_generator import InputFileType, LiteralType, PythonVersion, generate
from datamodel_code_generator.enums import DataModelType, DefaultValueType

from openai_codex._schema.bundle import Schema, ref_name

from .normalise import Normalised
from .partition import CORE, Layout

__all__ = ["generate_models"]

_TEMPLATES = Path(__file__).with_name("dcg_templates")
_BASE = "openai_codex._model"
_BASES = ("NULL_IS_MISSING", "OpenEnum", "OpenKey", "OpenTag", "OpenUnion", "Unrecognized", "Variant")
_MARKERS = {"tagged": 'OpenTag("{tag}")', "keyed": "OpenKey()", "open": "OpenUnion()"}


def _dotted(node: Any, layout: Layout) -> Any:
    """The same schema with ``module.Name`` references."""
    if isinstance(node, dict):
        name = ref_name(node)
        out = {key: _dotted(value, layout) for key, value in cast(Schema, node).items()}
        if name is not None:
            out["$ref"] = f"#/definitions/{layout.module_of[name]}.{name}"
        return out
    if isinstance(node, list):
        return [_dotted(item, layout) for item in cast("list[object]", node)]
    return node


def _template_data(normalised: Normalised, layout: Layout) -> defaultdict[str, dict[str, Any]]:
    # By place in the schema: while it works, the generator gives some classes another name.
    data: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for name, module in layout.module_of.items():
        entry = data[f"#/definitions/{module}.{name}"]
        if module != CORE:
            entry["deferred"] = True
        if name in normalised.variants:
            entry["wire_base"] = "Unrecognized" if name in normalised.fallbacks else "Variant"
        union = normalised.unions.get(name)
        if union is not None and union.kind in _MARKERS:
            entry["open_marker"] = _MARKERS[union.kind].format(tag=union.tag)
    for name, prop in sorted(normalised.null_is_missing):
        data[f"#/definitions/{layout.module_of[name]}.{name}"].setdefault("null_is_missing", []).append(prop)
    return data


def generate_models(normalised: Normalised, layout: Layout) -> dict[str, str]:
    """Return the unformatted source of each module: ``{"core": "...", "thread": "..."}``."""
    definitions: Schema = {
        f"{layout.module_of[name]}.{name}": _dotted(copy.deepcopy(schema), layout)
        for name, schema in normalised.definitions.items()
    }
    with warnings.catch_warnings():
        # It announces that some later version will not run on Python 3.10; this version is pinned.
        warnings.filterwarnings("ignore", category=FutureWarning, module="datamodel_code_generator")
        modules = generate(
            {"$schema": "http://json-schema.org/draft-07/schema#", "definitions": definitions},
            input_filename="schema",
            input_file_type=InputFileType.JsonSchema,
            output_model_type=DataModelType.PydanticV2BaseModel,
            target_python_version=PythonVersion.PY_310,
            base_class=f"{_BASE}.WireModel",
            additional_imports=[
                "typing.Annotated",  # the union template writes it where the generator does not know
                *(f"{_BASE}.{name}" for name in _BASES),
            ],
            custom_template_dir=_TEMPLATES,
            extra_template_data=_template_data(normalised, layout),
            treat_dot_as_module=True,
            use_exact_imports=True,
            disable_future_imports=True,
            use_type_alias=True,
            use_annotated=True,
            snake_case_field=True,
            use_subclass_enum=True,
            use_union_operator=True,
            use_standard_collections=True,
            enum_field_as_literal=LiteralType.Off,
            use_one_literal_as_default=True,
            deserialize_default_values=[DefaultValueType.Enum],
            set_default_enum_member=True,
            strict_nullable=True,
            use_typed_nullable_map_values=True,
            use_typed_map_values_beside_other_types=True,
            use_schema_description=True,
            use_field_description=True,
            skip_root_model=True,
            use_double_quotes=True,
            disable_timestamp=True,
            field_extra_keys_without_x_prefix={"x-repr"},
            formatters=[],
        )
    if not isinstance(modules, dict):
        raise TypeError("datamodel-code-generator returned no modules")
    return {".".join(path).removesuffix(".py"): text for path, text in modules.items() if path != ("__init__.py",)}
