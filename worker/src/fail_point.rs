//! Places between two steps of a job where a test kills the worker, as a node that loses power would.
//! Compiled out of release builds.

/// Where the worker kills itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FailPoint {
    /// Name of the place.
    name: String,
    /// Only on this page, from 1.
    page: Option<u32>,
    /// How often the worker comes to the place before it dies there, from 1.
    nth: u32,
}

impl std::str::FromStr for FailPoint {
    type Err = String;

    /// Reads `name`, `name=page`, `name:nth` or `name=page:nth`.
    fn from_str(text: &str) -> Result<Self, String> {
        let number = |digits: &str| match digits.parse() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(format!("{digits:?} is not a number from 1")),
        };
        let (place, nth) = match text.split_once(':') {
            Some((place, nth)) => (place, number(nth)?),
            None => (text, 1),
        };
        let (name, page) = match place.split_once('=') {
            Some((name, page)) => (name, Some(number(page)?)),
            None => (place, None),
        };
        Ok(Self { name: name.to_owned(), page, nth })
    }
}

#[cfg(debug_assertions)]
mod armed {
    use std::sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    };

    use nix::{
        sys::signal::{Signal, kill},
        unistd::Pid,
    };

    use super::FailPoint;

    static ARMED: OnceLock<FailPoint> = OnceLock::new();
    static PASSAGES: AtomicU32 = AtomicU32::new(0);

    /// Only the first call has an effect.
    pub(crate) fn arm(point: FailPoint) {
        let _ = ARMED.set(point);
    }

    /// Passes a place that belongs to a page.
    pub(crate) fn reach_page(name: &str, page: Option<u32>) {
        let Some(armed) = ARMED.get() else { return };
        if armed.name != name || (armed.page.is_some() && armed.page != page) {
            return;
        }
        if PASSAGES.fetch_add(1, Ordering::SeqCst) + 1 == armed.nth {
            let _ = kill(Pid::this(), Signal::SIGKILL);
            // The signal is on its way; nothing may happen after this line.
            loop {
                std::thread::park();
            }
        }
    }
}

#[cfg(not(debug_assertions))]
mod armed {
    /// Does nothing: there are no fail points in a release build.
    pub(crate) fn reach_page(_name: &str, _page: Option<u32>) {}
}

#[cfg(debug_assertions)]
pub(crate) use armed::arm;
pub(crate) use armed::reach_page;

/// Passes a place.
pub(crate) fn reach(name: &str) {
    reach_page(name, None);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_may_name_a_page_and_a_passage() {
        let point = |name: &str, page, nth| Ok(FailPoint { name: name.to_owned(), page, nth });
        assert_eq!("fetched".parse(), point("fetched", None, 1));
        assert_eq!("page_rendered=3".parse(), point("page_rendered", Some(3), 1));
        assert_eq!("page_rendered=3:2".parse(), point("page_rendered", Some(3), 2));
        assert!("page_rendered=x".parse::<FailPoint>().is_err());
        assert!("fetched:0".parse::<FailPoint>().is_err());
    }
}
