//! How calls are refused, and which ones a gateway was told to refuse whatever its policy allows.

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::Response,
};

use super::call::Call;

/// How a call is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// 403: these credentials may not do this.
    AccessDenied,
    /// 503: the store wants to be asked less often.
    SlowDown,
}

/// Which calls are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calls {
    /// Every one.
    All,
    /// Those of an IAM action, such as `s3:PutObject`.
    Of(&'static str),
}

impl Refusal {
    pub(super) fn answer(self) -> Response {
        let (status, code, message) = match self {
            Self::AccessDenied => (StatusCode::FORBIDDEN, "AccessDenied", "Access Denied"),
            Self::SlowDown => (StatusCode::SERVICE_UNAVAILABLE, "SlowDown", "Please reduce your request rate."),
        };
        let error = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
        let mut response = Response::new(Body::from(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{error}")));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        response
    }
}

impl Calls {
    fn include(self, call: &Call) -> bool {
        match self {
            Self::All => true,
            Self::Of(action) => call.action == Some(action),
        }
    }
}

/// What a gateway was told last.
#[derive(Debug, Default)]
pub(super) struct Orders {
    standing: Mutex<Option<Order>>,
}

#[derive(Debug)]
struct Order {
    calls: Calls,
    refusal: Refusal,
    /// How many calls it is still for; `None`: for as long as it stands.
    left: Option<u32>,
}

impl Orders {
    pub(super) fn give(&self, calls: Calls, refusal: Refusal, times: Option<u32>) {
        *self.lock() = Some(Order { calls, refusal, left: times });
    }

    pub(super) fn take_back(&self) {
        *self.lock() = None;
    }

    /// Says how a call is to be refused, and counts it.
    pub(super) fn refusal_of(&self, call: &Call) -> Option<Refusal> {
        let mut standing = self.lock();
        let order = standing.as_mut().filter(|order| order.calls.include(call))?;
        if let Some(left) = &mut order.left {
            *left = left.checked_sub(1)?;
        }
        Some(order.refusal)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Order>> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, Method};

    use super::*;

    fn refusals(orders: &Orders, method: &Method, times: usize) -> Vec<Option<Refusal>> {
        let call = Call::of(method, &"/b/k".parse().expect("a path"), &HeaderMap::new());
        (0..times).map(|_| orders.refusal_of(&call)).collect()
    }

    #[test]
    fn an_order_stands_for_its_calls_until_it_is_taken_back() {
        let orders = Orders::default();
        assert_eq!(refusals(&orders, &Method::PUT, 1), [None]);
        orders.give(Calls::Of("s3:PutObject"), Refusal::AccessDenied, None);
        assert_eq!(refusals(&orders, &Method::PUT, 2), [Some(Refusal::AccessDenied); 2]);
        assert_eq!(refusals(&orders, &Method::GET, 1), [None]);
        orders.give(Calls::All, Refusal::SlowDown, None);
        assert_eq!(refusals(&orders, &Method::GET, 1), [Some(Refusal::SlowDown)]);
        orders.take_back();
        assert_eq!(refusals(&orders, &Method::GET, 1), [None]);
    }

    #[test]
    fn an_order_for_so_many_calls_counts_only_those_it_is_for() {
        let orders = Orders::default();
        orders.give(Calls::Of("s3:PutObject"), Refusal::SlowDown, Some(2));
        assert_eq!(refusals(&orders, &Method::GET, 1), [None]);
        assert_eq!(refusals(&orders, &Method::PUT, 3), [Some(Refusal::SlowDown), Some(Refusal::SlowDown), None]);
    }
}
