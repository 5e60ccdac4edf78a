//! Whom HTTPS trusts: a hub behind TLS, signed by an authority that only the
//! test knows, as companies sign.

use std::fs;

use super::home::{Home, SHARDS, SMALL, served};
use crate::loopback_hub::LoopbackHub;
use crate::tls_front::{Authority, Proxy, TlsFront};

const MODEL: [&str; 2] = ["--model", SMALL];

#[test]
fn a_companys_certificate_is_trusted_where_a_variable_names_it() {
    let hub = LoopbackHub::serve([served(SMALL, SHARDS)]);
    let (authority, other) = (Authority::new(), Authority::new());
    let front = TlsFront::local(&hub, &authority);
    let home = Home::new();
    let place = |name: &str| home.0.path().join(name).to_str().unwrap().to_owned();
    let (root, binary, foreign) = (place("root.pem"), place("root.der"), place("foreign.pem"));
    fs::write(&root, format!("# The company's\n{}", authority.pem())).unwrap();
    fs::write(&binary, authority.der()).unwrap();
    fs::write(&foreign, other.pem()).unwrap();
    // A folder as OpenSSL has it, with something else in it.
    let folder = place("certificates");
    fs::create_dir(&folder).unwrap();
    fs::write(format!("{folder}/0a1b2c3d.0"), authority.pem()).unwrap();
    fs::write(format!("{folder}/README"), "nothing of importance").unwrap();
    for variables in [
        &[("SSL_CERT_FILE", root.as_str())][..],
        &[("SSL_CERT_FILE", &binary)],
        &[("SSL_CERT_DIR", &folder)],
        &[("REQUESTS_CA_BUNDLE", &root)],
        &[("REQUESTS_CA_BUNDLE", &folder)],
        &[("CURL_CA_BUNDLE", &root)],
        // The first of them decides, as in Python's requests.
        &[("REQUESTS_CA_BUNDLE", &root), ("CURL_CA_BUNDLE", &foreign)],
        &[("CURL_CA_BUNDLE", &root), ("SSL_CERT_FILE", &foreign)],
        &[("SSL_CERT_FILE", &root), ("SSL_CERT_DIR", "/nowhere")],
        &[("REQUESTS_CA_BUNDLE", ""), ("SSL_CERT_FILE", &root)],
    ] {
        let fresh = Home::new();
        let ran = fresh.encode(&front.endpoint, variables, &MODEL).succeeded();
        assert_eq!(ran.warnings(), [""; 0], "{variables:?}");
    }
    let large = hub.requests();
    assert!(large.iter().any(|request| request.at_second_port));

    let before = hub.requests().len();
    for (variables, trusted_by) in [
        (&[][..], "this system"),
        (&[("SSL_CERT_FILE", foreign.as_str())], "SSL_CERT_FILE ("),
        (
            &[("REQUESTS_CA_BUNDLE", &foreign), ("SSL_CERT_FILE", &root)],
            "REQUESTS_CA_BUNDLE (",
        ),
    ] {
        let says = [
            "localhost:",
            "certificate is not trusted",
            trusted_by,
            "SSL_CERT_FILE=company-root.pem",
        ];
        home.encode(&front.endpoint, variables, &MODEL)
            .refused(trusted_by, &home, &says);
    }
    assert_eq!(hub.requests().len(), before, "something was asked");

    // Nobody named a model, so that the built-in one may stand in; the reason
    // is said.
    let ran = home.encode(&front.endpoint, &[], &[]).succeeded();
    assert!(ran.stderr.contains("certificate is not trusted"), "{ran:?}");
}

#[test]
fn a_certificate_that_is_late_or_for_another_host_says_so() {
    let hub = LoopbackHub::serve([served(SMALL, SHARDS)]);
    let authority = Authority::new();
    let home = Home::new();
    let root = home.0.path().join("root.pem");
    fs::write(&root, authority.pem()).unwrap();
    let variables = [("SSL_CERT_FILE", root.to_str().unwrap())];
    for (names, until, says) in [
        (
            &["localhost", "127.0.0.1"][..],
            2000,
            ["has expired", "hint: see what the clock"],
        ),
        (
            &["elsewhere.test"],
            2100,
            ["for another host", "HF_ENDPOINT"],
        ),
    ] {
        let front = TlsFront::with_certificate(&hub, &authority, names, until);
        home.encode(&front.endpoint, &variables, &MODEL)
            .refused(says[0], &home, &says);
    }
}

#[test]
fn a_bundle_that_cannot_be_used_is_named() {
    let hub = LoopbackHub::serve([served(SMALL, SHARDS)]);
    let authority = Authority::new();
    let front = TlsFront::local(&hub, &authority);
    let home = Home::new();
    let pem = authority.pem();
    let half = &pem[..pem.len() / 2];
    let broken = pem.replacen("MII", "!!!", 1).replacen("MIH", "!!!", 1);
    let empty_body = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    fs::create_dir(home.0.path().join("empty-folder")).unwrap();
    for (name, content, reason) in [
        ("missing.pem", None, "No such file"),
        ("empty-folder", None, "no certificate"),
        ("empty.pem", Some(""), "no certificate"),
        ("page.pem", Some("<html>Sign in</html>"), "no certificate"),
        ("half.pem", Some(half), "damaged"),
        ("broken.pem", Some(&broken), "damaged"),
        ("nonsense.pem", Some(empty_body), "damaged"),
    ] {
        let path = home.0.path().join(name);
        if let Some(content) = content {
            fs::write(&path, content).unwrap();
        }
        let variables = [("REQUESTS_CA_BUNDLE", path.to_str().unwrap())];
        let says = [
            "REQUESTS_CA_BUNDLE names ",
            name,
            reason,
            "hint: unset REQUESTS_CA_BUNDLE",
        ];
        for model in [&MODEL[..], &[]] {
            home.encode(&front.endpoint, &variables, model)
                .refused(name, &home, &says);
        }
        // What needs no hub does not read it.
        home.encode(&front.endpoint, &variables, &["--model", "builtin"])
            .succeeded();
        fs::remove_dir_all(home.output()).unwrap();
    }
}

#[test]
fn a_companys_proxy_is_a_way_to_the_hub() {
    let hub = LoopbackHub::serve([served(SMALL, SHARDS)]);
    let authority = Authority::new();
    let names = ["hub.company.test", "files.company.test"];
    let front = TlsFront::behind_a_proxy(&hub, &authority, names);
    let proxy = Proxy::before(&front, names[0]);
    let home = Home::new();
    let root = home.0.path().join("root.pem");
    fs::write(&root, authority.pem()).unwrap();
    let trust = ("SSL_CERT_FILE", root.to_str().unwrap());
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let fresh = Home::new();
        fresh
            .encode(
                &front.endpoint,
                &[trust, (variable, &proxy.address)],
                &MODEL,
            )
            .succeeded();
    }
    let asked = proxy.asked();
    for name in names {
        assert!(asked.contains(&format!("{name}:443")), "{name}: {asked:?}");
    }
    // Without it there is no such host, with a proxy of strangers no trust.
    for (variables, says) in [
        (
            &[
                trust,
                ("HTTPS_PROXY", proxy.address.as_str()),
                ("NO_PROXY", "company.test,.company.test"),
            ][..],
            names[0],
        ),
        (
            &[("HTTPS_PROXY", proxy.address.as_str())],
            "certificate is not trusted",
        ),
    ] {
        home.encode(&front.endpoint, variables, &MODEL)
            .refused(says, &home, &[names[0], says]);
    }
}
