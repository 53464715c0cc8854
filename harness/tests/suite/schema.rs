//! A JSON value against a JSON schema (draft 2020-12), as far as our own schema uses it; a keyword beyond that is a panic, so
//! that none is silently not checked.

use serde_json::Value;

/// What is wrong, with its place; empty if nothing is.
pub(crate) fn flaws(value: &Value, schema: &Value) -> Vec<String> {
    let mut flaws = Vec::new();
    check(value, schema, schema, "", &mut flaws);
    flaws
}

fn check(value: &Value, rule: &Value, root: &Value, at: &str, flaws: &mut Vec<String>) {
    for (keyword, wanted) in rule.as_object().expect("a schema is an object") {
        let good = match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" | "additionalProperties" => true,
            "$ref" => {
                let name = wanted.as_str().and_then(|path| path.strip_prefix("#")).expect("a reference into itself");
                check(value, root.pointer(name).expect("it is defined"), root, at, flaws);
                true
            }
            "type" => is_of(value, wanted.as_str().expect("one type")),
            "const" => value == wanted,
            "enum" => wanted.as_array().expect("a list").contains(value),
            "minimum" => value.as_f64().is_none_or(|number| Some(number) >= wanted.as_f64()),
            "maximum" => value.as_f64().is_none_or(|number| Some(number) <= wanted.as_f64()),
            "minItems" => value.as_array().is_none_or(|items| Some(items.len() as u64) >= wanted.as_u64()),
            "maxItems" => value.as_array().is_none_or(|items| Some(items.len() as u64) <= wanted.as_u64()),
            "uniqueItems" => value
                .as_array()
                .is_none_or(|items| items.iter().enumerate().all(|(place, item)| !items[..place].contains(item))),
            "anyOf" => wanted.as_array().expect("a list").iter().any(|one| {
                let mut own = Vec::new();
                check(value, one, root, at, &mut own);
                own.is_empty()
            }),
            "required" => wanted
                .as_array()
                .expect("a list")
                .iter()
                .all(|name| value.get(name.as_str().expect("a name")).is_some()),
            // The two patterns are of names that the program itself checks.
            "pattern" => value.as_str().is_some_and(|text| !text.is_empty()),
            "properties" => {
                for (name, own) in value.as_object().into_iter().flatten() {
                    match wanted.get(name) {
                        Some(rule) => check(own, rule, root, &format!("{at}/{name}"), flaws),
                        None if rule["additionalProperties"] == false => {
                            flaws.push(format!("{at}/{name} is not in the schema"));
                        }
                        None => {}
                    }
                }
                true
            }
            "items" => {
                for (place, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(item, wanted, root, &format!("{at}/{place}"), flaws);
                }
                true
            }
            other => panic!("this test does not know the keyword `{other}`"),
        };
        if !good {
            flaws.push(format!("{at}: {keyword} {wanted}, and it is {value}"));
        }
    }
}

fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("this test does not know the type `{other}`"),
    }
}
