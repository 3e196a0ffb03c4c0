//! The image: present, for this architecture, and the one that is expected.

use super::words;
use crate::{
    container::{Container, LocalImage},
    diagnosis::{
        chain::Judged,
        check::LinkState,
        facts::{Facts, ImageAnswer},
    },
    finding::{Cause, Remedy},
    image::Platform,
};

pub fn image(facts: &Facts) -> Option<Judged> {
    let seen = facts.image.as_ref()?;
    let name = &facts.image_name;
    let runs = facts.found().is_some_and(Container::is_running);
    Some(match &seen.value {
        ImageAnswer::Missing => {
            // A container keeps what it runs on; only a new one would need the image.
            let mut finding = words::in_general(Cause::ImageGone);
            finding.sentence = format!("The image {name} is not on the compute any more.");
            Judged::of(seen, LinkState::Warning, "no such image", finding.sentence.clone())
                .found(finding)
        }
        ImageAnswer::NotSeen(words) => Judged::of(
            seen,
            LinkState::Unknown,
            words,
            "What image the container has could not be seen.",
        ),
        ImageAnswer::There(image) => {
            let wanted = Platform::linux(&facts.architecture).architecture;
            let is = &image.architecture;
            let saw = format!("{} {}/{is}", short(&image.id), image.operating_system);
            if !is.is_empty() && !wanted.is_empty() && *is != wanted {
                let mut finding = words::in_general(Cause::WrongArchitecture);
                finding.sentence = format!("{name} is not made for this compute.");
                finding.meaning =
                    format!("The compute's architecture is {wanted}; the image is for {is}.");
                finding.remedies = vec![Remedy::ChooseImage];
                let sentence = finding.sentence.clone();
                // Where an emulator runs it all the same, it is only slow.
                let state = if runs { LinkState::Warning } else { LinkState::Broken };
                return Some(Judged::of(seen, state, saw, sentence).found(finding));
            }
            if is_another(facts, image) {
                let finding = words::in_general(Cause::AnotherImage);
                return Some(
                    Judged::of(
                        seen,
                        LinkState::Warning,
                        format!("{saw}, expected {}", short(&facts.digest)),
                        finding.sentence.clone(),
                    )
                    .found(finding),
                );
            }
            Judged::of(seen, LinkState::Passed, saw, format!("The image {name} is there."))
        }
    })
}

/// Neither the image's id nor any of its digests is the expected one. An image that no registry gave has
/// no digest to compare.
fn is_another(facts: &Facts, image: &LocalImage) -> bool {
    let expected = facts.digest.as_str();
    !expected.is_empty()
        && !image.digests.is_empty()
        && image.id != expected
        && !image.digests.iter().any(|digest| digest.as_str() == expected)
}

fn short(id: &str) -> &str {
    let hex = id.strip_prefix("sha256:").unwrap_or(id);
    hex.get(..12).unwrap_or(hex)
}
