"""What the pages of a resource contain for each field: its reader, its input, and its value."""

from __future__ import annotations

from gearbox_lite.generate.scaffolding.fields import Field


def reader(field: Field) -> list[str]:
    """Return the arguments of the class in lib/fields.py that checks the field."""
    given = [f'"{word}"' for word in field.choices]
    given += [str(field.length)] if field.kind.name == "str" else []
    given += [field.target.class_name] if field.target else []
    given += ["required=False"] if field.is_nullable else []
    return given + (["unique=True"] if field.is_unique else [])


def form_input(field: Field) -> str:
    """Return the line of the form's template that shows the field's input."""
    macro = "select" if field.kind.name == "bool" and field.is_nullable else field.kind.macro
    given = ["form", f'"{field.name}"', f'"{field.label}"']
    given += [f"maxlength={field.length}"] if field.kind.name == "str" else []
    given += [field.kind.attributes] if field.kind.attributes else []
    given += ["required=false"] if field.is_nullable else []
    return f"{{{{ fields.{macro}({', '.join(given)}) }}}}"


def page_value(field: Field) -> str:
    """Return the lines of a page that show the field's value."""
    kind = field.kind.name
    given = f"row.{field.name}"
    style = ' class="lines"' if kind == "text" else ""
    value = f"{{{{ {given} }}}}"
    if kind == "bool":
        value = f'{{{{ "Yes" if {given} else "No" }}}}'
    elif kind == "datetime":
        value = f'{{{{ {given}.strftime("%Y-%m-%d %H:%M") }}}} UTC'
    elif kind == "url":
        value = f'<a href="{{{{ {given} }}}}" rel="nofollow noopener">{{{{ {given} }}}}</a>'
    elif field.target:
        value = f"{{{{ row.{field.word} }}}}"
        if not field.target.has_label:
            value = f"{field.target.class_name} {{{{ {given} }}}}"
    if field.is_nullable:
        value = f"{{% if {given} is not none %}}{value}{{% endif %}}"
    return f"<dt>{field.label}</dt>\n<dd{style}>{value}</dd>"
