//! A writer of JSON text: enough for snapshots, and far smaller in the page than a general serializer.

use std::fmt::Write as _;

/// An object under construction.
pub(crate) struct Object<'a> {
    out: &'a mut String,
    empty: bool,
}

/// The text of the object that `fill` describes.
pub(crate) fn object(fill: impl FnOnce(&mut Object<'_>)) -> String {
    let mut out = String::new();
    write_object(&mut out, fill);
    out
}

fn write_object(out: &mut String, fill: impl FnOnce(&mut Object<'_>)) {
    out.push('{');
    fill(&mut Object { out, empty: true });
    out.push('}');
}

fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            // U+2028 and U+2029 may stand in JSON as they are.
            c if c < ' ' => {
                // Writing to a string does not fail.
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// The text of a list of objects.
pub(crate) fn list<T>(
    items: impl IntoIterator<Item = T>,
    mut fill: impl FnMut(T, &mut Object<'_>),
) -> String {
    let mut out = String::new();
    write_list(&mut out, items, |out, item| {
        write_object(out, |object| fill(item, object));
    });
    out
}

fn write_list<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut String, T),
) {
    out.push('[');
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write(out, item);
    }
    out.push(']');
}

impl Object<'_> {
    fn key(&mut self, key: &str) -> &mut String {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        write_text(self.out, key);
        self.out.push(':');
        self.out
    }

    pub(crate) fn text(&mut self, key: &str, value: &str) {
        write_text(self.key(key), value);
    }

    /// A text, or null.
    pub(crate) fn maybe_text(&mut self, key: &str, value: Option<&str>) {
        match value {
            Some(value) => self.text(key, value),
            None => self.null(key),
        }
    }

    pub(crate) fn number(&mut self, key: &str, value: u64) {
        // Writing to a string does not fail.
        let _ = write!(self.key(key), "{value}");
    }

    pub(crate) fn flag(&mut self, key: &str, value: bool) {
        self.key(key).push_str(if value { "true" } else { "false" });
    }

    /// A flag, or null.
    pub(crate) fn maybe_flag(&mut self, key: &str, value: Option<bool>) {
        match value {
            Some(value) => self.flag(key, value),
            None => self.null(key),
        }
    }

    pub(crate) fn null(&mut self, key: &str) {
        self.key(key).push_str("null");
    }

    pub(crate) fn object(&mut self, key: &str, fill: impl FnOnce(&mut Object<'_>)) {
        write_object(self.key(key), fill);
    }

    /// An object, or null.
    pub(crate) fn maybe_object<T>(
        &mut self,
        key: &str,
        value: Option<T>,
        fill: impl FnOnce(T, &mut Object<'_>),
    ) {
        match value {
            Some(value) => self.object(key, |object| fill(value, object)),
            None => self.null(key),
        }
    }

    pub(crate) fn objects<T>(
        &mut self,
        key: &str,
        items: impl IntoIterator<Item = T>,
        mut fill: impl FnMut(T, &mut Object<'_>),
    ) {
        write_list(self.key(key), items, |out, item| {
            write_object(out, |object| fill(item, object));
        });
    }

    pub(crate) fn texts<T: AsRef<str>>(&mut self, key: &str, items: impl IntoIterator<Item = T>) {
        write_list(self.key(key), items, |out, item| {
            write_text(out, item.as_ref());
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_is_written_as_json_has_it() {
        let text = object(|o| {
            o.text("a", "say \"hi\"\\\n\u{1} ♜");
            o.number("b", 9_007_199_254_740_991);
            o.flag("c", true);
            o.null("d");
            o.object("e", |_| {});
            o.objects("f", [1, 2], |n, o| o.number("n", n));
            o.texts("g", ["x", "y"]);
            o.maybe_flag("h", None);
            o.maybe_text("i", Some("j"));
        });
        assert_eq!(
            text,
            "{\"a\":\"say \\\"hi\\\"\\\\\\u000a\\u0001 ♜\",\"b\":9007199254740991,\"c\":true,\"d\":null,\"e\":{},\
             \"f\":[{\"n\":1},{\"n\":2}],\"g\":[\"x\",\"y\"],\"h\":null,\"i\":\"j\"}"
        );
        assert_eq!(list([1], |n, o| o.number("n", n)), "[{\"n\":1}]");
    }
}
