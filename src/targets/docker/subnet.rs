//! Which addresses the network of an app gets.
//!
//! Docker gives each network a whole range of its default pools, of which there are some thirty, while an app needs
//! a handful of addresses. So Docker chooses a range once, as only it knows the routes of the machine it runs on, and
//! the networks of all apps, also those of other data folders, are small parts of it.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

/// The length of a part's prefix: 29 containers, for the old and the new one of an app and its services.
pub(super) const PART: u8 = 27;

/// A block of IPv4 addresses: `172.18.0.0/16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Subnet {
    first: u32,
    prefix: u8,
}

impl Subnet {
    /// Whether it is too small to be divided.
    pub(super) fn is_small(self) -> bool {
        self.prefix >= PART
    }

    /// Its parts, in order.
    pub(super) fn parts(self) -> impl Iterator<Item = Self> {
        let count = if self.is_small() { 0 } else { 1_u64 << (PART - self.prefix) };
        (0..count).filter_map(move |number| {
            let first = u64::from(self.first) + (number << (32 - PART));
            Some(Self { first: u32::try_from(first).ok()?, prefix: PART })
        })
    }

    /// Whether an address belongs to both.
    pub(super) fn overlaps(self, other: Self) -> bool {
        let mask = mask(self.prefix.min(other.prefix));
        self.first & mask == other.first & mask
    }
}

fn mask(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)
}

impl FromStr for Subnet {
    type Err = ();

    /// Reads `ADDRESS/PREFIX`; what is not IPv4 is an error.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, prefix) = text.split_once('/').ok_or(())?;
        let address: Ipv4Addr = address.parse().map_err(drop)?;
        let prefix = prefix.parse().map_err(drop)?;
        if prefix > 32 {
            return Err(());
        }
        Ok(Self { first: address.to_bits() & mask(prefix), prefix })
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from_bits(self.first), self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnet(text: &str) -> Subnet {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_is_divided_without_overlap() {
        let range = subnet("192.168.16.0/20");
        let parts: Vec<Subnet> = range.parts().collect();
        assert_eq!(parts.len(), 128);
        assert_eq!(
            (parts[0].to_string(), parts[127].to_string()),
            ("192.168.16.0/27".into(), "192.168.31.224/27".into())
        );
        for (at, part) in parts.iter().enumerate() {
            assert!(part.overlaps(range) && range.overlaps(*part));
            assert!(parts[at + 1..].iter().all(|other| !part.overlaps(*other)), "{part}");
        }
        assert_eq!(subnet("255.255.255.0/24").parts().last().unwrap().to_string(), "255.255.255.224/27");
        assert_eq!(subnet("10.0.0.0/28").parts().count(), 0);
    }

    #[test]
    fn blocks_that_share_an_address_overlap() {
        assert!(subnet("0.0.0.0/0").overlaps(subnet("10.1.2.3/32")));
        assert!(subnet("172.18.0.1/16").overlaps(subnet("172.18.255.0/24")));
        assert!(!subnet("172.18.0.0/16").overlaps(subnet("172.19.0.0/16")));
        for text in ["", "10.0.0.0", "10.0.0.0/33", "fd00::/64", "10.0.0/8"] {
            assert_eq!(text.parse::<Subnet>(), Err(()), "{text}");
        }
    }
}
