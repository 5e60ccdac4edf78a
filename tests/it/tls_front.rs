//! TLS before a loopback hub, and a company's proxy before that: certificates
//! signed by an authority that only the test knows.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::loopback_hub::LoopbackHub;

/// An authority that signs what it likes.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(parameters, key).unwrap();
        Self { issuer }
    }

    /// Its own certificate, as companies hand it out.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// The same in its binary form.
    pub fn der(&self) -> Vec<u8> {
        self.issuer.der().to_vec()
    }

    /// A server's certificate for these names, good until the year that is
    /// given.
    fn server(&self, names: &[&str], until: i32) -> Arc<ServerConfig> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut parameters = CertificateParams::new(names).unwrap();
        parameters.not_after = rcgen::date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let configuration = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key);
        Arc::new(configuration.unwrap())
    }
}

const LOCAL: [&str; 2] = ["localhost", "127.0.0.1"];

/// A hub behind TLS: its files at one host, its large files at another.
pub struct TlsFront {
    /// The value for `HF_ENDPOINT`.
    pub endpoint: String,
    ports: [u16; 2],
}

impl TlsFront {
    /// The hub as `localhost`, its large files at `127.0.0.1`.
    pub fn local(hub: &LoopbackHub, authority: &Authority) -> Self {
        Self::with_certificate(hub, authority, &LOCAL, 2100)
    }

    /// The same with a certificate for these names, until a year.
    pub fn with_certificate(
        hub: &LoopbackHub,
        authority: &Authority,
        names: &[&str],
        until: i32,
    ) -> Self {
        Self::start(hub, LOCAL, true, authority.server(names, until))
    }

    /// Under names that only a proxy can find, at the usual port.
    pub fn behind_a_proxy(hub: &LoopbackHub, authority: &Authority, names: [&str; 2]) -> Self {
        Self::start(hub, names, false, authority.server(&names, 2100))
    }

    fn start(
        hub: &LoopbackHub,
        names: [&str; 2],
        with_ports: bool,
        server: Arc<ServerConfig>,
    ) -> Self {
        let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let ports = [0, 1].map(|index: usize| listeners[index].local_addr().unwrap().port());
        let places = [0, 1].map(|index: usize| match with_ports {
            true => format!("https://{}:{}", names[index], ports[index]),
            false => format!("https://{}", names[index]),
        });
        // The hub does not know that there is something before it.
        let plain = format!("http://{}", hub.addresses[1]);
        for (listener, address) in listeners.into_iter().zip(hub.addresses) {
            let (server, plain, place) = (Arc::clone(&server), plain.clone(), places[1].clone());
            thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let (server, plain, place) =
                        (Arc::clone(&server), plain.clone(), place.clone());
                    thread::spawn(move || forward(stream, server, address, &plain, &place));
                }
            });
        }
        let [endpoint, _] = places;
        Self { endpoint, ports }
    }
}

/// Answers one request with what the hub says to it, moved to where TLS is. A
/// client that does not trust the certificate goes away, which is no trouble.
fn forward(
    stream: TcpStream,
    server: Arc<ServerConfig>,
    hub: SocketAddr,
    plain: &str,
    place: &str,
) -> Option<()> {
    let connection = ServerConnection::new(server).ok()?;
    let mut client = StreamOwned::new(connection, stream);
    let request = read_head(&mut client)?;
    let mut upstream = TcpStream::connect(hub).ok()?;
    upstream.write_all(&request).ok()?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).ok()?;
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let head = String::from_utf8(answer[..end].to_vec()).ok()?;
    client
        .write_all(head.replace(plain, place).as_bytes())
        .ok()?;
    client.write_all(&answer[end..]).ok()?;
    client.conn.send_close_notify();
    client.flush().ok()
}

/// Everything up to the empty line behind the headers.
fn read_head(stream: &mut impl Read) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    Some(head)
}

/// A proxy that knows the way to a front, and notes where it was asked to go.
pub struct Proxy {
    /// The value for `HTTPS_PROXY`.
    pub address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// The first name leads to the front's hub, any other to its large files.
    pub fn before(front: &TlsFront, name: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (noted, ports, name) = (Arc::clone(&asked), front.ports, name.to_owned());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (noted, name) = (Arc::clone(&noted), name.clone());
                thread::spawn(move || connect(stream, &noted, ports, &name));
            }
        });
        Self { address, asked }
    }

    /// The hosts that it was asked to connect to.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn connect(
    mut client: TcpStream,
    noted: &Mutex<Vec<String>>,
    ports: [u16; 2],
    name: &str,
) -> Option<()> {
    let head = String::from_utf8(read_head(&mut client)?).ok()?;
    let place = head.strip_prefix("CONNECT ")?.split(' ').next()?.to_owned();
    let port = ports[usize::from(!place.starts_with(name))];
    noted.lock().unwrap().push(place);
    let mut front = TcpStream::connect(("127.0.0.1", port)).ok()?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?;
    let (mut from_client, mut to_front) = (client.try_clone().ok()?, front.try_clone().ok()?);
    thread::spawn(move || std::io::copy(&mut from_client, &mut to_front));
    client
        .set_write_timeout(Some(Duration::from_secs(20)))
        .ok()?;
    std::io::copy(&mut front, &mut client).ok()?;
    client.shutdown(std::net::Shutdown::Both).ok()
}
