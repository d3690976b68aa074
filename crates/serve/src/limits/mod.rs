//! What is asked of callers: how often, how many at once, and who they are behind a proxy.
//!
//! ```text
//! HTTP/1.1 429 Too Many Requests
//! retry-after: 12
//! {"code":8,"message":"too many requests from 192.0.2.7/32; come again in 12 s","details":[]}
//! ```

mod address_range;
mod caller;
mod in_flight;
mod overload;
mod proxies;
mod rate;

pub use address_range::{AddressRange, AddressRangeError};
pub use caller::CallerLimits;
pub use in_flight::InFlightLimit;
pub use overload::{Overload, Shape};
pub use proxies::{ForwardedBy, TrustedProxies};
pub use rate::{Network, Rate, RateError, RateLimit, RateTable};
