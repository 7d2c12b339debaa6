//! From the configuration to the message with `notify test`: the real binary with secrets, certificates, templates and
//! proxies.

use serde_json::json;

use crate::support::servers::{Certificate, Endpoint, Smtp, SmtpOptions, free_port, toml_path};
use crate::support::{Output, Site};

const TEST: [&str; 3] = ["notify", "test", "ops"];

#[test]
fn email_uses_a_password_from_dotenv_and_a_private_ca() {
    let certificate = Certificate::new();
    let options = SmtpOptions { tls: Some(("starttls", &certificate)), login: Some(("checkpost", "hunter2")), port: 0 };
    let Some(smtp) = Smtp::start(&options) else { return };
    let site = Site::with_config(&format!(
        "[smtp]\nserver = \"localhost\"\nport = {}\nusername = \"checkpost\"\npassword = {{ env = \"SMTP_PASSWORD\" }}\n\
         from = \"checkpost@example.org\"\nca_file = {}\n\
         [[route]]\nname = \"ops\"\n[route.email]\nto = [\"ops@example.org\"]\n\
         [route.template]\ntitle = \"{{{{ route }}}} on {{{{ level }}}}\"\nbody = \"{{{{ items[0].message }}}}\"\n",
        smtp.port(),
        toml_path(&certificate.ca_file()),
    ));
    let missing = site.execute(&TEST, 1).error().to_owned();
    assert!(missing.contains("SMTP_PASSWORD is neither in the environment nor in .env"), "{missing}");
    site.write(".env", "SMTP_PASSWORD=hunter22\n");
    let wrong = site.execute(&TEST, 1).error().to_owned();
    assert!(wrong.contains("refuses the login of 'checkpost': 535") && !wrong.contains("hunter2"), "{wrong}");
    site.write(".env", "SMTP_PASSWORD=hunter2\n");
    site.execute(&TEST, 0);
    let email = &smtp.mails(1)[0];
    assert_eq!(
        (&email["to"], &email["user"], &email["encrypted"]),
        (&json!(["ops@example.org"]), &json!("checkpost"), &json!(true))
    );
    let text = email["text"].as_str().unwrap();
    assert!(text.contains("Subject: ops on warning\r\n") && text.contains("this is a test of route 'ops'."), "{text}");
}

#[test]
fn template_mistake_is_found_before_it_matters() {
    let site = |body: &str| {
        Site::with_config(&format!("[[route]]\nname = \"ops\"\n[route.stdout]\n[route.template]\nbody = \"{body}\"\n"))
    };
    let syntax = site("{{ title").execute(&["run"], 2).error().to_owned();
    assert!(syntax.contains("checkpost.toml:5: route.template.body, line 1: syntax error"), "{syntax}");
    let unknown = site("{{ hostname }}");
    let output = unknown.execute(&["config", "check"], 2).stderr;
    assert!(output.contains("template body, line 1: undefined value: `hostname` is undefined"), "{output}");
    // The message is sent all the same.
    assert!(unknown.execute(&TEST, 0).stdout.contains("Nothing is wrong: this is a test of route 'ops'."));
    assert!(site("{{ host }}!").execute(&TEST, 0).stdout.contains("\n\n"));
}

#[test]
fn proxy_of_the_environment_is_used_for_remote_hosts_only() {
    let (Some(endpoint), Some(mut proxy)) = (Endpoint::start(), Endpoint::start()) else { return };
    let site = |url: &str| {
        let site = Site::with_config("[[route]]\nname = \"ops\"\n[route.webhook]\nurl = { file = \"url\" }\n");
        site.write("url", url);
        site
    };
    let run = |site: &Site, proxy: &str, exit_code| {
        Output::of(site.checkpost(&TEST).env("HTTP_PROXY", proxy).env("HTTPS_PROXY", proxy), exit_code)
    };
    run(&site(&endpoint.url("/")), &format!("http://127.0.0.1:{}", free_port()), 0);
    assert_eq!(endpoint.requests(1).len(), 1);
    proxy.respond_with(&[json!({"status": 403})]);
    let refused = run(&site("https://example.invalid/hunter2"), &proxy.url(""), 1);
    assert_eq!(
        (&proxy.requests(1)[0]["method"], &proxy.requests(1)[0]["path"]),
        (&json!("CONNECT"), &json!("example.invalid:443"))
    );
    let error = refused.error();
    assert!(
        error.contains("https://example.invalid/…") && error.contains("proxy") && !error.contains("hunter2"),
        "{error}"
    );
}
