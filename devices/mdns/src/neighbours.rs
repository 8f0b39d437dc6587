//! The hardware addresses of the machines near by, from Linux's table of neighbours.

use std::collections::BTreeMap;
use std::net::IpAddr;

use house::hardware_address;

/// Where Linux shows it; elsewhere there is none, and devices are told apart by what they say.
pub(crate) const TABLE: &str = "/proc/net/arp";

/// The lines `address type flags hardware-address mask interface` as IP address → hardware
/// address; what is incomplete is left out.
pub fn parse(table: &str) -> BTreeMap<IpAddr, String> {
    let entry = |line: &str| {
        let mut fields = line.split_ascii_whitespace();
        let (ip, _, flags, hardware) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        (flags != "0x0").then_some(())?;
        Some((ip.parse().ok()?, hardware_address(hardware)?))
    };
    table.lines().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complete_lines_are_read() {
        let table = "IP address       HW type     Flags       HW address            Mask     Device\n\
                     192.168.1.7      0x1         0x2         a8:03:2a:b1:23:45     *        eth0\n\
                     192.168.1.8      0x1         0x0         00:00:00:00:00:00     *        eth0\n\
                     192.168.1.9      0x1         0x2         00:00:00:00:00:00     *        eth0\n\
                     nonsense\n";
        let known = parse(table);
        assert_eq!(known.len(), 1);
        let ip: IpAddr = "192.168.1.7".parse().unwrap();
        assert_eq!(known.get(&ip).map(String::as_str), Some("a8032ab12345"));
    }
}
