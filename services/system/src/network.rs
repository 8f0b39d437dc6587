//! The machine's network: what it is, read from the kernel, and changing it through
//! NetworkManager.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use serde::{Deserialize, Serialize};
use wamp_client::CallError;

use crate::fault::not_supported;
use crate::program::{self, ProgramFault};

/// What `get.network` answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Network {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hostname: Option<String>,
    pub(crate) interfaces: Vec<Interface>,
    /// Where packets for everywhere else go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) gateway: Option<String>,
    pub(crate) dns: Vec<String>,
}

/// One interface.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Interface {
    pub(crate) name: String,
    /// The kernel's word: `up`, `down`, `unknown` (as the loopback's), …
    pub(crate) state: String,
    /// The hardware address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mac: Option<String>,
    /// With their prefix lengths: `192.168.1.5/24`.
    pub(crate) addresses: Vec<String>,
}

/// Looks at the network. What cannot be read is left out.
pub(crate) fn look() -> Network {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let hostname = read("/proc/sys/kernel/hostname").trim().to_owned();
    Network {
        hostname: Some(hostname).filter(|name| !name.is_empty()),
        interfaces: interfaces(Path::new("/sys/class/net")),
        gateway: gateway(&read("/proc/net/route")).map(|address| address.to_string()),
        dns: name_servers(&read("/etc/resolv.conf")),
    }
}

fn interfaces(folder: &Path) -> Vec<Interface> {
    let mut addresses = addresses();
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.extend(addresses.keys().cloned());
    names.sort();
    names.dedup();
    names
        .into_iter()
        .filter_map(|name| {
            let fact = |file: &str| {
                let text = std::fs::read_to_string(folder.join(&name).join(file)).unwrap_or_default();
                Some(text.trim().to_owned()).filter(|text| !text.is_empty())
            };
            let addresses = addresses.remove(&name).unwrap_or_default();
            let state = fact("operstate");
            // Files of /sys/class/net that are no interface have no state either.
            let mac = fact("address").filter(|mac| mac != "00:00:00:00:00:00");
            (state.is_some() || !addresses.is_empty()).then(|| Interface {
                state: state.unwrap_or_else(|| "unknown".into()),
                mac,
                addresses,
                name,
            })
        })
        .collect()
}

/// Addresses with prefix lengths by interface.
fn addresses() -> BTreeMap<String, Vec<String>> {
    let mut addresses: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let Ok(all) = nix::ifaddrs::getifaddrs() else {
        return addresses;
    };
    for entry in all {
        let (Some(address), mask) = (entry.address, entry.netmask) else {
            continue;
        };
        let text = if let Some(v4) = address.as_sockaddr_in() {
            let length = mask.and_then(|mask| mask.as_sockaddr_in().map(|mask| mask.ip().to_bits().count_ones()));
            with_prefix(IpAddr::V4(v4.ip()), length)
        } else if let Some(v6) = address.as_sockaddr_in6() {
            let length = mask.and_then(|mask| mask.as_sockaddr_in6().map(|mask| mask.ip().to_bits().count_ones()));
            with_prefix(IpAddr::V6(v6.ip()), length)
        } else {
            continue;
        };
        addresses.entry(entry.interface_name).or_default().push(text);
    }
    addresses
}

fn with_prefix(address: IpAddr, length: Option<u32>) -> String {
    length.map_or_else(|| address.to_string(), |length| format!("{address}/{length}"))
}

/// The default route's gateway in the kernel's table: lines of interface, destination, gateway, …,
/// addresses as hexadecimal in the machine's order of octets.
fn gateway(table: &str) -> Option<Ipv4Addr> {
    table.lines().skip(1).find_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let (destination, gateway) = (fields.next()?, fields.next()?);
        let gateway = u32::from_str_radix(gateway, 16).ok()?;
        (destination == "00000000" && gateway != 0).then(|| Ipv4Addr::from(gateway.to_ne_bytes()))
    })
}

fn name_servers(resolv_conf: &str) -> Vec<String> {
    resolv_conf
        .lines()
        .filter_map(|line| line.trim().strip_prefix("nameserver"))
        .filter_map(|rest| rest.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

/// kwargs of `set.network`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct NetworkRequest {
    #[serde(default)]
    interface: Option<String>,
    /// `dhcp` or `static`.
    #[serde(default)]
    method: Option<String>,
    /// For `static`: `192.168.1.5/24`.
    #[serde(default)]
    address: Option<String>,
    #[serde(default)]
    gateway: Option<String>,
    #[serde(default)]
    dns: Option<Vec<String>>,
}

/// A change that makes sense.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Change {
    interface: String,
    settings: Vec<(&'static str, String)>,
}

impl NetworkRequest {
    /// What is to be changed. `interfaces` are those that are there.
    pub(crate) fn change(self, interfaces: &[String]) -> Result<Change, CallError> {
        let wrong = |sentence: String| Err(CallError::invalid_argument(sentence));
        let interface = match self.interface {
            Some(name) if interfaces.contains(&name) => name,
            Some(name) => {
                return wrong(format!(
                    "interface must be one of {}, not {name:?}",
                    interfaces.join(", ")
                ));
            }
            None => return wrong(format!("interface must be one of {}", interfaces.join(", "))),
        };
        let dns: Vec<Ipv4Addr> = match self.dns.iter().flatten().map(|text| text.parse()).collect() {
            Ok(dns) => dns,
            Err(_) => return wrong("dns must be a list of IPv4 addresses".into()),
        };
        let dns = dns.iter().map(Ipv4Addr::to_string).collect::<Vec<_>>().join(",");
        let settings = match self.method.as_deref() {
            Some("dhcp") => {
                if self.address.is_some() || self.gateway.is_some() {
                    return wrong("address and gateway are for method \"static\" only".into());
                }
                vec![
                    ("ipv4.method", "auto".to_owned()),
                    ("ipv4.addresses", String::new()),
                    ("ipv4.gateway", String::new()),
                    ("ipv4.dns", dns),
                ]
            }
            Some("static") => {
                let Some((address, length)) = self.address.as_deref().and_then(address_with_prefix) else {
                    return wrong("address must be an IPv4 address with its prefix length, like 192.168.1.5/24".into());
                };
                let gateway: Option<Ipv4Addr> = match self.gateway.as_deref().map(str::parse).transpose() {
                    Ok(gateway) => gateway,
                    Err(_) => return wrong("gateway must be an IPv4 address".into()),
                };
                if gateway.is_some_and(|gateway| !same_network(gateway, address, length)) {
                    return wrong(format!("gateway must be in the network of {address}/{length}"));
                }
                vec![
                    ("ipv4.addresses", format!("{address}/{length}")),
                    (
                        "ipv4.gateway",
                        gateway.map(|gateway| gateway.to_string()).unwrap_or_default(),
                    ),
                    ("ipv4.dns", dns),
                    ("ipv4.method", "manual".to_owned()),
                ]
            }
            _ => return wrong("method must be \"dhcp\" or \"static\"".into()),
        };
        Ok(Change { interface, settings })
    }
}

fn address_with_prefix(text: &str) -> Option<(Ipv4Addr, u32)> {
    let (address, length) = text.split_once('/')?;
    let (address, length): (Ipv4Addr, u32) = (address.trim().parse().ok()?, length.trim().parse().ok()?);
    let usable = (1..=32).contains(&length) && !address.is_unspecified() && !address.is_multicast();
    usable.then_some((address, length))
}

fn same_network(a: Ipv4Addr, b: Ipv4Addr, length: u32) -> bool {
    let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
    a.to_bits() & mask == b.to_bits() & mask
}

/// Writes the change into NetworkManager's connection of the interface. It takes effect when
/// [`activate`]d.
///
/// Gives the connection's name.
pub(crate) async fn prepare(nmcli: &Path, change: &Change) -> Result<String, CallError> {
    let refused = |fault: &ProgramFault| match fault {
        ProgramFault::Absent { .. } => not_supported(
            "this machine's network is not kept by NetworkManager (it has no nmcli); change it in the system's own settings",
        ),
        ProgramFault::Refused { .. } => not_supported(&fault.to_string()),
    };
    let show = ["-g", "GENERAL.CONNECTION", "device", "show", &change.interface];
    let connection = program::run(nmcli, &show).await.map_err(|fault| refused(&fault))?;
    if connection.is_empty() || connection == "--" {
        return Err(not_supported(&format!(
            "NetworkManager does not keep the interface {}",
            change.interface
        )));
    }
    let mut arguments = vec!["connection", "modify", &connection];
    for (name, value) in &change.settings {
        arguments.extend([*name, value.as_str()]);
    }
    program::run(nmcli, &arguments).await.map_err(|fault| refused(&fault))?;
    Ok(connection)
}

/// Makes a prepared change hold. Connections over the interface may break.
pub(crate) async fn activate(nmcli: &Path, connection: &str) -> Result<(), ProgramFault> {
    program::run(nmcli, &["connection", "up", connection]).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_is_always_there() {
        let network = look();
        let loopback = network
            .interfaces
            .iter()
            .find(|interface| interface.name == "lo")
            .unwrap();
        assert!(loopback.addresses.contains(&"127.0.0.1/8".to_owned()), "{loopback:?}");
        assert_eq!(loopback.mac, None);
    }

    #[test]
    fn the_kernels_tables_are_read() {
        let octets = u32::from_ne_bytes([192, 168, 1, 1]);
        let table =
            format!("Iface\tDestination\tGateway\neth0\t0001A8C0\t00000000\neth0\t00000000\t{octets:08X}\t0003\n");
        assert_eq!(gateway(&table), Some(Ipv4Addr::new(192, 168, 1, 1)));
        assert_eq!(gateway("Iface\n\ngarbage\nx y z\n"), None);
        assert_eq!(
            name_servers("# x\nnameserver 1.1.1.1\nsearch lan\nnameserver fe80::1%eth0 # y\n"),
            ["1.1.1.1", "fe80::1%eth0"]
        );
    }

    fn change(json: &str) -> Result<Change, String> {
        serde_json::from_str::<NetworkRequest>(json)
            .unwrap()
            .change(&["eth0".into(), "lo".into()])
            .map_err(|fault| fault.message().unwrap())
    }

    #[test]
    fn a_change_that_makes_no_sense_names_the_argument() {
        for (json, argument) in [
            ("{}", "interface"),
            (r#"{"interface": "eth9"}"#, "interface"),
            (r#"{"interface": "eth0"}"#, "method"),
            (r#"{"interface": "eth0", "method": "magic"}"#, "method"),
            (r#"{"interface": "eth0", "method": "static"}"#, "address"),
            (
                r#"{"interface": "eth0", "method": "static", "address": "10.0.0.5"}"#,
                "address",
            ),
            (
                r#"{"interface": "eth0", "method": "static", "address": "10.0.0.5/33"}"#,
                "address",
            ),
            (
                r#"{"interface": "eth0", "method": "static", "address": "10.0.0.5/24", "gateway": "10.0.1.1"}"#,
                "gateway",
            ),
            (
                r#"{"interface": "eth0", "method": "static", "address": "10.0.0.5/24", "gateway": "x"}"#,
                "gateway",
            ),
            (
                r#"{"interface": "eth0", "method": "dhcp", "address": "10.0.0.5/24"}"#,
                "address",
            ),
            (r#"{"interface": "eth0", "method": "dhcp", "dns": ["x"]}"#, "dns"),
        ] {
            let sentence = change(json).unwrap_err();
            assert!(sentence.starts_with(argument), "{json}: {sentence}");
        }
        assert!(change(r#"{"interface": "eth0", "method": "dhcp"}"#).is_ok());
    }

    #[tokio::test]
    async fn networkmanager_is_told_and_its_refusal_is_told_on() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let nmcli = folder.path().join("nmcli");
        let log = folder.path().join("log");
        let script = format!(
            "#!/bin/sh\necho \"$@\" >> {}\ncase \"$1\" in -g) echo 'Wired one';; esac\n",
            log.display()
        );
        std::fs::write(&nmcli, script).unwrap();
        std::fs::set_permissions(&nmcli, std::fs::Permissions::from_mode(0o755)).unwrap();
        let json = r#"{"interface": "eth0", "method": "static", "address": "10.0.0.5/24", "gateway": "10.0.0.1", "dns": ["1.1.1.1"]}"#;
        let wanted = change(json).unwrap();
        assert_eq!(prepare(&nmcli, &wanted).await.unwrap(), "Wired one");
        activate(&nmcli, "Wired one").await.unwrap();
        assert_eq!(
            std::fs::read_to_string(&log).unwrap(),
            "-g GENERAL.CONNECTION device show eth0\n\
             connection modify Wired one ipv4.addresses 10.0.0.5/24 ipv4.gateway 10.0.0.1 ipv4.dns 1.1.1.1 ipv4.method manual\n\
             connection up Wired one\n"
        );
        std::fs::write(&nmcli, "#!/bin/sh\necho 'Error: not authorized' >&2\nexit 4\n").unwrap();
        let refused = prepare(&nmcli, &wanted).await.unwrap_err();
        assert_eq!(refused.uri(), house::uri::error::NOT_SUPPORTED);
        assert_eq!(refused.message().unwrap(), "nmcli says: Error: not authorized");
        let absent = prepare(&folder.path().join("none"), &wanted).await.unwrap_err();
        assert!(absent.message().unwrap().contains("NetworkManager"), "{absent}");
    }
}
