//! Which network interfaces lead into the house.

/// On which networks the bridge listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Networks {
    /// Those of the house: neither this machine's own, nor those between containers, virtual
    /// machines or tunnels.
    House,
    /// This machine's own only.
    Loopback,
}

/// How the interfaces of containers, virtual machines and tunnels begin.
const ELSEWHERE: [&str; 21] = [
    "docker",
    "veth",
    "br-",
    "virbr",
    "vnet",
    "lxc",
    "lxd",
    "cni",
    "flannel",
    "cali",
    "podman",
    "kube",
    "tun",
    "tap",
    "wg",
    "tailscale",
    "zt",
    "vmnet",
    "vboxnet",
    "awdl",
    "llw",
];

impl Networks {
    /// Whether an interface is one of them.
    pub fn include(self, name: &str, is_loopback: bool) -> bool {
        match self {
            Self::Loopback => is_loopback,
            Self::House => !is_loopback && !ELSEWHERE.iter().any(|start| name.starts_with(start)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_interfaces_of_the_house_are_listened_to() {
        for (name, is_loopback, house, loopback) in [
            ("eth0", false, true, false),
            ("enp3s0", false, true, false),
            ("wlan0", false, true, false),
            ("br0", false, true, false),
            ("lo", true, false, true),
            ("docker0", false, false, false),
            ("veth1a2b3c", false, false, false),
            ("br-0123456789ab", false, false, false),
            ("virbr0", false, false, false),
            ("wg0", false, false, false),
            ("tailscale0", false, false, false),
        ] {
            assert_eq!(Networks::House.include(name, is_loopback), house, "{name}");
            assert_eq!(Networks::Loopback.include(name, is_loopback), loopback, "{name}");
        }
    }
}
