//! A Bluetooth adapter played on a private D-Bus, as BlueZ shows one.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use zbus::{Connection, OwnedVariant, Variant, fdo, interface};

const ADAPTER: &str = "/org/bluez/hci0";

/// The bus and what plays BlueZ on it; both end when this is dropped.
pub struct Bluez {
    _daemon: Child,
    _directory: TempDir,
    connection: Connection,
    scanning: Arc<AtomicBool>,
    scans: Arc<AtomicUsize>,
    switched_off: Arc<AtomicUsize>,
    /// The bus's address.
    pub address: String,
}

impl Bluez {
    /// Starts a bus with BlueZ on it, without an adapter yet.
    pub async fn start() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let configuration = directory.path().join("bus.conf");
        let socket = directory.path().join("bus");
        let text = format!(
            "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" \
             \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\
             <busconfig><listen>unix:path={}</listen><auth>EXTERNAL</auth>\
             <policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/>\
             <allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>",
            socket.display()
        );
        std::fs::write(&configuration, text).expect("a bus configuration");
        let mut daemon = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", configuration.display()))
            .args(["--nofork", "--nopidfile", "--print-address"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("dbus-daemon is installed");
        let mut lines = BufReader::new(daemon.stdout.take().expect("stdout")).lines();
        let address = lines
            .next_line()
            .await
            .expect("the bus speaks")
            .expect("the bus says its address");
        let connection = zbus::connection::Builder::address(address.as_str())
            .build()
            .await
            .expect("the bus takes us");
        connection
            .object_server()
            .at("/", fdo::ObjectManager)
            .await
            .expect("an object manager");
        connection.request_name("org.bluez").await.expect("the name org.bluez");
        Self {
            _daemon: daemon,
            _directory: directory,
            connection,
            scanning: Arc::default(),
            scans: Arc::default(),
            switched_off: Arc::default(),
            address,
        }
    }

    /// What a process needs in its environment to take this for the system's bus.
    pub fn environment(&self) -> (String, String) {
        ("DBUS_SYSTEM_BUS_ADDRESS".into(), self.address.clone())
    }

    /// Plugs the adapter in.
    pub async fn plug_in(&self) {
        let adapter = Adapter {
            scanning: Arc::clone(&self.scanning),
            scans: Arc::clone(&self.scans),
            switched_off: Arc::clone(&self.switched_off),
        };
        self.connection
            .object_server()
            .at(ADAPTER, adapter)
            .await
            .expect("the adapter appears");
    }

    /// Pulls the adapter out.
    pub async fn pull_out(&self) {
        self.scanning.store(false, Ordering::SeqCst);
        let removed = self.connection.object_server().remove::<Adapter, _>(ADAPTER).await;
        assert!(removed.expect("the adapter disappears"), "there was an adapter");
    }

    /// How often the adapter was switched off.
    pub fn switched_off(&self) -> usize {
        self.switched_off.load(Ordering::SeqCst)
    }

    /// How many connections the bus has.
    pub async fn connections(&self) -> usize {
        let bus = fdo::DBusProxy::new(&self.connection).await.expect("the bus answers");
        let names = bus.list_names().await.expect("the bus lists names");
        names.iter().filter(|name| name.as_str().starts_with(':')).count()
    }

    /// Whether somebody scans.
    pub fn is_scanning(&self) -> bool {
        self.scanning.load(Ordering::SeqCst)
    }

    /// How often a scan was started.
    pub fn scans(&self) -> usize {
        self.scans.load(Ordering::SeqCst)
    }

    /// One advert with a company's data.
    pub async fn advertise_company(&self, address: &str, name: &str, rssi: i16, company: u16, data: &[u8]) {
        let path = format!("{ADAPTER}/dev_{}", address.replace(':', "_"));
        let company_data: HashMap<u16, OwnedVariant> =
            [(company, Variant::from(data.to_vec()).try_to_owned().expect("octets"))].into();
        let server = self.connection.object_server();
        let Ok(device) = server.interface::<_, Device>(path.as_str()).await else {
            let device = Device {
                address: address.to_owned(),
                name: name.to_owned(),
                rssi,
                service_data: HashMap::new(),
                company_data,
            };
            server.at(path.as_str(), device).await.expect("the device appears");
            return;
        };
        {
            let mut device = device.get_mut().await;
            name.clone_into(&mut device.name);
            device.rssi = rssi;
            device.company_data = company_data;
        }
        let emitter = device.signal_emitter();
        let device = device.get().await;
        device.r_s_s_i_changed(emitter).await.expect("RSSI goes out");
        device
            .manufacturer_data_changed(emitter)
            .await
            .expect("company data goes out");
    }

    /// One advert with service data, from a device that may or may not have been heard before.
    pub async fn advertise(&self, address: &str, name: &str, rssi: i16, service: &str, data: &[u8]) {
        let path = format!("{ADAPTER}/dev_{}", address.replace(':', "_"));
        let service_data: HashMap<String, OwnedVariant> = [(
            service.to_owned(),
            Variant::from(data.to_vec()).try_to_owned().expect("octets"),
        )]
        .into();
        let server = self.connection.object_server();
        if let Ok(device) = server.interface::<_, Device>(path.as_str()).await {
            {
                let mut device = device.get_mut().await;
                device.rssi = rssi;
                device.service_data = service_data;
            }
            let emitter = device.signal_emitter();
            device
                .get()
                .await
                .r_s_s_i_changed(emitter)
                .await
                .expect("RSSI goes out");
            device
                .get()
                .await
                .service_data_changed(emitter)
                .await
                .expect("service data goes out");
        } else {
            let device = Device {
                address: address.to_owned(),
                name: name.to_owned(),
                rssi,
                service_data,
                company_data: HashMap::new(),
            };
            server.at(path.as_str(), device).await.expect("the device appears");
        }
    }
}

struct Adapter {
    scanning: Arc<AtomicBool>,
    scans: Arc<AtomicUsize>,
    switched_off: Arc<AtomicUsize>,
}

#[interface(name = "org.bluez.Adapter1")]
impl Adapter {
    fn start_discovery(&self) {
        self.scanning.store(true, Ordering::SeqCst);
        self.scans.fetch_add(1, Ordering::SeqCst);
    }

    fn stop_discovery(&self) {
        self.scanning.store(false, Ordering::SeqCst);
    }

    fn set_discovery_filter(&self, _properties: HashMap<String, OwnedVariant>) {}

    fn get_discovery_filters(&self) -> Vec<String> {
        vec![
            "UUIDs".into(),
            "RSSI".into(),
            "Transport".into(),
            "DuplicateData".into(),
        ]
    }

    #[zbus(property)]
    fn address(&self) -> String {
        "00:1A:7D:DA:71:13".into()
    }

    #[zbus(property)]
    fn address_type(&self) -> String {
        "public".into()
    }

    #[zbus(property)]
    fn name(&self) -> String {
        "house".into()
    }

    #[zbus(property)]
    fn alias(&self) -> String {
        "house".into()
    }

    #[zbus(property)]
    fn modalias(&self) -> String {
        "usb:v1D6Bp0246d0542".into()
    }

    #[zbus(property)]
    fn powered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn set_powered(&self, powered: bool) {
        if !powered {
            self.switched_off.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[zbus(property)]
    fn discovering(&self) -> bool {
        self.scanning.load(Ordering::SeqCst)
    }
}

struct Device {
    address: String,
    name: String,
    rssi: i16,
    service_data: HashMap<String, OwnedVariant>,
    company_data: HashMap<u16, OwnedVariant>,
}

// Every property that BlueZ's clients take for granted: one missing, and they drop the device.
#[interface(name = "org.bluez.Device1")]
impl Device {
    #[zbus(property)]
    fn address(&self) -> String {
        self.address.clone()
    }

    #[zbus(property)]
    fn address_type(&self) -> String {
        "random".into()
    }

    #[zbus(property)]
    fn name(&self) -> String {
        self.name.clone()
    }

    #[zbus(property)]
    fn alias(&self) -> String {
        self.name.clone()
    }

    #[zbus(property)]
    fn paired(&self) -> bool {
        false
    }

    #[zbus(property)]
    fn connected(&self) -> bool {
        false
    }

    #[zbus(property)]
    fn trusted(&self) -> bool {
        false
    }

    #[zbus(property)]
    fn blocked(&self) -> bool {
        false
    }

    #[zbus(property)]
    fn legacy_pairing(&self) -> bool {
        false
    }

    #[zbus(property)]
    fn services_resolved(&self) -> bool {
        false
    }

    #[zbus(property, name = "RSSI")]
    fn rssi(&self) -> i16 {
        self.rssi
    }

    #[zbus(property)]
    fn manufacturer_data(&self) -> HashMap<u16, OwnedVariant> {
        self.company_data
            .iter()
            .map(|(key, value)| (*key, value.try_clone().expect("octets")))
            .collect()
    }

    #[zbus(property)]
    fn service_data(&self) -> HashMap<String, OwnedVariant> {
        self.service_data
            .iter()
            .map(|(key, value)| (key.clone(), value.try_clone().expect("octets")))
            .collect()
    }
}
