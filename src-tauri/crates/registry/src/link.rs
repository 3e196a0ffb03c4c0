//! The `Link` header of paged answers (RFC 8288).

use reqwest::{
    Url,
    header::{HeaderMap, LINK},
};

/// The target of `rel="next"`, resolved against the address that was asked; `None` on a last page.
/// A target that is no address counts as `Err` with its text.
pub(crate) fn next_page(headers: &HeaderMap, asked: &Url) -> Option<Result<Url, String>> {
    for header in headers.get_all(LINK) {
        let Ok(mut rest) = header.to_str() else { continue };
        while let Some((_, after)) = rest.split_once('<') {
            let Some((target, parameters)) = after.split_once('>') else { break };
            // Parameters end where the next link begins.
            let end = parameters.find('<').unwrap_or(parameters.len());
            if parameters[..end].split([';', ',']).any(is_next) {
                return Some(asked.join(target).map_err(|_| target.to_owned()));
            }
            rest = &parameters[end..];
        }
    }
    None
}

fn is_next(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    name.trim().eq_ignore_ascii_case("rel")
        && value
            .trim()
            .trim_matches('"')
            .split_whitespace()
            .any(|relation| relation.eq_ignore_ascii_case("next"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn next(header: &'static str) -> Option<Result<String, String>> {
        let mut headers = HeaderMap::new();
        headers.insert(LINK, HeaderValue::from_static(header));
        let asked = Url::parse("https://r.example/v2/x/tags/list?n=2").expect("address");
        next_page(&headers, &asked).map(|target| target.map(String::from))
    }

    #[test]
    fn the_next_page_is_found_among_other_links() {
        let expected = Some(Ok("https://r.example/v2/x/tags/list?last=b&n=2".to_owned()));
        assert_eq!(next(r#"</v2/x/tags/list?last=b&n=2>; rel="next""#), expected);
        assert_eq!(
            next(r#"</first>; rel="first", <?last=b&n=2>; title="a"; Rel=NEXT"#),
            expected.clone()
        );
        assert_eq!(next(r#"</v2/x/tags/list>; rel="prev""#), None);
        assert_eq!(next("junk"), None);
        assert_eq!(next("<unfinished"), None);
    }

    #[test]
    fn a_target_that_is_no_address_is_told() {
        assert_eq!(next("<https://>; rel=next"), Some(Err("https://".to_owned())));
    }
}
