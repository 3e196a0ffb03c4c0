//! Published ports of a container that is made again: a number that the engine chose stays.

use serde_json::{Value, json};

use crate::container::Container;

/// The addresses that ports are bound to now, in `PortBindings`' form. Only a running container tells
/// what was chosen at its start; of a stopped one, what was asked for is asked for again.
pub(super) fn bound(old: &Container) -> Value {
    let mut bindings =
        old.raw["HostConfig"]["PortBindings"].as_object().cloned().unwrap_or_default();
    let actual = &old.raw["NetworkSettings"]["Ports"];
    for (port, asked) in &mut bindings {
        let Some(asked) = asked.as_array_mut() else { continue };
        let mut given: Vec<&Value> = actual[port].as_array().into_iter().flatten().collect();
        // Each binding has a number of its own: those that were asked for by number are no choice.
        for fixed in asked.iter().filter(|binding| !is_chosen(binding)) {
            let number = fixed["HostPort"].as_str().unwrap_or("");
            for address in addresses(fixed) {
                take(&mut given, address, |given| given == number);
            }
        }
        *asked = asked.drain(..).flat_map(|binding| kept(binding, &mut given)).collect();
    }
    // `--publish-all` without a binding of its own: what was chosen is kept, too.
    if old.raw["HostConfig"]["PublishAllPorts"] == json!(true) {
        for (port, given) in actual.as_object().into_iter().flatten() {
            let mut given: Vec<&Value> = given.as_array().into_iter().flatten().collect();
            if !given.is_empty() && !bindings.contains_key(port) {
                let chosen = json!({"HostIp": "", "HostPort": ""});
                bindings.insert(port.clone(), json!(kept(chosen, &mut given)));
            }
        }
    }
    Value::Object(bindings)
}

/// The engine chooses the number: none was asked for, or one of a range.
fn is_chosen(binding: &Value) -> bool {
    let number = binding["HostPort"].as_str().unwrap_or("");
    matches!(number, "" | "0") || number.contains('-')
}

fn address(binding: &Value) -> &str {
    binding["HostIp"].as_str().unwrap_or("")
}

/// The addresses that the engine binds for a binding: without one, all of the machine, told by family.
fn addresses(binding: &Value) -> Vec<&str> {
    match address(binding) {
        "" => vec!["0.0.0.0", "::"],
        address => vec![address],
    }
}

/// A binding with the number that was chosen for it. Chosen for all addresses, each family of them may
/// have got another one.
fn kept(mut binding: Value, given: &mut Vec<&Value>) -> Vec<Value> {
    if !is_chosen(&binding) {
        return vec![binding];
    }
    let mut numbers: Vec<(String, String)> = Vec::new();
    for address in addresses(&binding) {
        let like_the_other = numbers.first().map(|(_, number)| number.clone());
        let same = like_the_other.and_then(|other| take(given, address, |number| number == other));
        if let Some(number) = same.or_else(|| take(given, address, |_| true)) {
            numbers.push((address.to_owned(), number.to_owned()));
        }
    }
    let Some((_, first)) = numbers.first() else { return vec![binding] };
    if numbers.iter().all(|(_, number)| number == first) {
        binding["HostPort"] = json!(first);
        return vec![binding];
    }
    let each =
        numbers.iter().map(|(address, number)| json!({"HostIp": address, "HostPort": number}));
    each.collect()
}

/// Takes the first number out of `given` that was given to this address and fits.
fn take<'a>(given: &mut Vec<&'a Value>, at: &str, fits: impl Fn(&str) -> bool) -> Option<&'a str> {
    let position = given
        .iter()
        .position(|given| address(given) == at && given["HostPort"].as_str().is_some_and(&fits))?;
    given.remove(position)["HostPort"].as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::tests::container;

    fn bound_of(asked: Value, given: Value) -> Value {
        let mut old = container("a", "eval");
        old.raw = json!({
            "HostConfig": {"PortBindings": {"8080/tcp": asked}},
            "NetworkSettings": {"Ports": {"8080/tcp": given}},
        });
        bound(&old)["8080/tcp"].clone()
    }

    fn at(address: &str, port: &str) -> Value {
        json!({"HostIp": address, "HostPort": port})
    }

    #[test]
    fn each_of_several_choices_keeps_a_number_of_its_own() {
        let one = "127.0.0.1";
        assert_eq!(
            bound_of(
                json!([at(one, ""), at(one, "0"), at("127.0.0.2", ""), at(one, "5000")]),
                json!([
                    at(one, "5000"),
                    at(one, "49153"),
                    at("127.0.0.2", "49160"),
                    at(one, "49154")
                ]),
            ),
            json!([at(one, "49153"), at(one, "49154"), at("127.0.0.2", "49160"), at(one, "5000")])
        );
        assert_eq!(
            bound_of(
                json!([at("", ""), at("", "")]),
                json!([at("0.0.0.0", "1"), at("::", "1"), at("0.0.0.0", "2"), at("::", "2")]),
            ),
            json!([at("", "1"), at("", "2")])
        );
    }

    #[test]
    fn all_addresses_with_a_number_for_each_family_keep_both() {
        let given = json!([at("0.0.0.0", "32774"), at("::", "32773")]);
        assert_eq!(bound_of(json!([at("", "")]), given.clone()), given);
        assert_eq!(
            bound_of(
                json!([at("", "7000"), at("", "")]),
                json!([at("0.0.0.0", "7000"), at("::", "7000"), at("0.0.0.0", "1"), at("::", "1")]),
            ),
            json!([at("", "7000"), at("", "1")])
        );
    }

    #[test]
    fn what_is_published_with_all_keeps_the_number_of_each_family() {
        let given = json!([at("0.0.0.0", "32796"), at("::", "32776")]);
        let mut old = container("a", "eval");
        old.raw = json!({
            "HostConfig": {"PublishAllPorts": true, "PortBindings": {"7000/tcp": [at("", "7000")]}},
            "NetworkSettings": {"Ports": {
                "8080/tcp": given,
                "9192/tcp": [at("0.0.0.0", "32795"), at("::", "32795")],
                "7000/tcp": [at("0.0.0.0", "7000"), at("::", "7000")],
                "9099/tcp": null,
            }},
        });
        assert_eq!(
            bound(&old),
            json!({
                "8080/tcp": given,
                "9192/tcp": [at("", "32795")],
                "7000/tcp": [at("", "7000")],
            })
        );
    }

    #[test]
    fn one_of_a_range_keeps_its_number() {
        assert_eq!(
            bound_of(json!([at("", "5000-5010")]), json!([at("0.0.0.0", "5003")])),
            json!([at("", "5003")])
        );
    }

    #[test]
    fn of_a_stopped_one_the_same_is_asked_for_again() {
        let asked = json!([at("127.0.0.1", ""), at("", "5000-5010"), at("", "7000")]);
        assert_eq!(bound_of(asked.clone(), json!(null)), asked);
    }
}
