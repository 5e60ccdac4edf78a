//! As much of YAML as `action.yml` and a workflow are written in.

/// As much of YAML as `action.yml` is written in: anything else is no lawful
/// action of ours.
#[derive(Debug, Clone)]
pub enum Yaml {
    Text(String),
    Map(Vec<(String, Yaml)>),
    List(Vec<Yaml>),
}

impl Yaml {
    pub fn of(text: &str) -> Self {
        // Comments stand on lines of their own; within a script they are its own.
        let lines: Vec<&str> = text.lines().collect();
        let mut rest = lines.as_slice();
        let yaml = Self::block(&mut rest, 0);
        assert!(rest.iter().all(|line| is_nothing(line)), "{rest:?}");
        yaml
    }

    /// What begins at a column.
    fn block(rest: &mut &[&str], column: usize) -> Self {
        let (mut map, mut list) = (Vec::new(), Vec::new());
        loop {
            while rest.first().is_some_and(|line| is_nothing(line)) {
                *rest = &rest[1..];
            }
            let Some(line) = rest.first().filter(|line| indent(line) == column) else {
                break;
            };
            let text = &line[column..];
            if let Some(behind) = text.strip_prefix("- ") {
                // The item goes on where its first key stands.
                let first = format!("{}  {}", &line[..column], behind);
                let lines: Vec<&str> = [first.as_str()]
                    .into_iter()
                    .chain(rest[1..].iter().copied())
                    .collect();
                let mut item = lines.as_slice();
                list.push(Self::block(&mut item, column + 2));
                *rest = &rest[rest.len() - item.len()..];
                continue;
            }
            let (key, value) = text
                .split_once(':')
                .unwrap_or_else(|| panic!("{text:?} has no key"));
            *rest = &rest[1..];
            let value = match value.trim() {
                "" => Self::block(rest, column + 2),
                "|" => Self::Text(scalar(rest, column + 2).join("\n") + "\n"),
                ">-" => Self::Text(scalar(rest, column + 2).join(" ")),
                plain => {
                    let plain = plain.split(" # ").next().unwrap_or_default();
                    assert!(!plain.contains(": "), "{plain:?} needs quotes");
                    let quoted = plain
                        .strip_prefix('\'')
                        .and_then(|text| text.strip_suffix('\''));
                    Self::Text(quoted.unwrap_or(plain).to_owned())
                }
            };
            map.push((key.to_owned(), value));
        }
        match (map.is_empty(), list.is_empty()) {
            (false, true) => Self::Map(map),
            (true, false) => Self::List(list),
            _ => panic!("neither a mapping nor a list at column {column}: {rest:?}"),
        }
    }

    pub fn get(&self, name: &str) -> Option<&Self> {
        let mut found = entries(self).into_iter();
        found.find_map(|(key, value)| (key == name).then_some(value))
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Self::Text(text) => Some(text),
            other => panic!("{other:?} is no text"),
        }
    }
}

/// The lines of a scalar that begins at a column.
fn scalar<'text>(rest: &mut &[&'text str], column: usize) -> Vec<&'text str> {
    let is_inside = |line: &&&str| line.trim().is_empty() || indent(line) >= column;
    let count = rest.iter().take_while(is_inside).count();
    let (inside, after) = rest.split_at(count);
    *rest = after;
    let lines: Vec<&str> = inside
        .iter()
        .map(|line| line.get(column..).unwrap_or(""))
        .collect();
    let end = lines
        .iter()
        .rposition(|line| !line.is_empty())
        .map_or(0, |last| last + 1);
    lines[..end].to_vec()
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn is_nothing(line: &str) -> bool {
    line.trim().is_empty() || line.trim_start().starts_with('#')
}

pub fn entries(yaml: &Yaml) -> Vec<(&str, &Yaml)> {
    match yaml {
        Yaml::Map(entries) => entries
            .iter()
            .map(|(key, value)| (key.as_str(), value))
            .collect(),
        other => panic!("{other:?} is no mapping"),
    }
}

/// The texts of a mapping.
pub fn texts(yaml: &Yaml) -> Vec<(&str, &str)> {
    let entries = entries(yaml).into_iter();
    entries
        .map(|(name, _)| (name, yaml.text(name).unwrap()))
        .collect()
}

/// The steps that the action has.
pub fn steps(action: &Yaml) -> &[Yaml] {
    match action.get("runs").and_then(|runs| runs.get("steps")) {
        Some(Yaml::List(steps)) => steps,
        other => panic!("no steps: {other:?}"),
    }
}

/// What stands between `${{` and `}}`.
pub fn expressions(text: &str) -> Vec<&str> {
    let parts = text.split("${{").skip(1);
    parts
        .map(|part| part.split_once("}}").expect("it is closed").0.trim())
        .collect()
}
