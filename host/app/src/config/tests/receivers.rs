//! `[smtp]`, the transports of routes, their secrets and templates.

use std::sync::Arc;
use std::time::Duration;

use checkpost_notify::secret::Guarded;
use checkpost_notify::{Email, Encryption, Receiver, Transport, Webhook};

use super::{Site, assert_refused};
use crate::config::{Config, Flags};

fn load(toml: &str, variables: &[(&str, &str)]) -> (Site, Config) {
    let site = Site::new(&[("checkpost.toml", toml)]);
    let config = site.load(variables);
    (site, config)
}

fn receiver(toml: &str) -> Arc<Receiver> {
    load(&format!("[[route]]\nname = \"ops\"\n{toml}"), &[]).1.routes.remove(0).receiver
}

fn email(config: &Config) -> &Email {
    match &config.routes[0].receiver.transport {
        Transport::Email(email) => email,
        other => panic!("{other:?}"),
    }
}

const MAIL: &str = r#"
    [[route]]
    name = "ops"
    [route.email]
    to = ["Ops <ops@example.org>", "alice@example.org"]
"#;

#[test]
fn relay_needs_a_server_and_has_the_port_of_its_encryption() {
    let toml = format!("[smtp]\nserver = \"mail.example.org\"\nfrom = \"checkpost@example.org\"\n{MAIL}");
    let (_, config) = load(&toml, &[]);
    let Email { relay, from, to } = email(&config);
    assert_eq!((relay.server.as_str(), relay.port, relay.encryption), ("mail.example.org", 587, Encryption::StartTls));
    assert_eq!((&relay.login, relay.trust.clone()), (&None, checkpost_notify::tls::Trust::default()));
    assert_eq!((from.to_string(), to.len()), ("checkpost@example.org".to_owned(), 2));
    for (tls, port) in [("implicit", 465), ("none", 25)] {
        let (_, config) = load(&toml.replace("from", &format!("tls = \"{tls}\"\nfrom")), &[]);
        assert_eq!(email(&config).relay.port, port);
    }
}

#[test]
fn relay_has_every_key_of_the_file() {
    let (site, config) = load(
        &format!(
            r#"
            [smtp]
            server = "127.0.0.1"
            port = 2525
            tls = "none"
            username = "checkpost"
            password = {{ env = "SMTP_PASSWORD" }}
            from = "checkpost <checkpost@example.org>"
            ca_file = "ca.pem"
            accept_invalid_certificates = true
            timeout = "5s"
            {MAIL}
            from = "web-1@example.org"
            "#
        ),
        &[("SMTP_PASSWORD", "hunter2")],
    );
    let Email { relay, from, .. } = email(&config);
    assert_eq!((relay.port, relay.encryption, relay.timeout), (2525, Encryption::None, Duration::from_secs(5)));
    assert_eq!(relay.trust.ca_file, Some(site.path("ca.pem")));
    assert!(relay.trust.accept_invalid_certificates);
    assert_eq!(from.to_string(), "web-1@example.org");
    let (user, password) = relay.login.as_ref().unwrap();
    assert_eq!((user.as_str(), password.read()), ("checkpost", Ok("hunter2".to_owned())));
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn secret_comes_from_the_environment_from_dotenv_or_from_a_file() {
    let toml = r#"
        [[route]]
        name = "a"
        [route.slack]
        url = { env = "SLACK_URL" }
        [[route]]
        name = "b"
        [route.slack]
        url = { file = "slack-url" }
    "#;
    let site = Site::new(&[
        ("checkpost.toml", toml),
        (".env", "SLACK_URL='https://from.dotenv/a$b'\n"),
        ("slack-url", "https://from.file/\n"),
    ]);
    let urls = |variables: &[(&str, &str)]| -> Vec<_> {
        let url = |receiver: &Receiver| match &receiver.transport {
            Transport::Slack(slack) => slack.url.read().unwrap(),
            other => panic!("{other:?}"),
        };
        site.load(variables).routes.iter().map(|route| url(&route.receiver)).collect()
    };
    assert_eq!(urls(&[]), ["https://from.dotenv/a$b", "https://from.file/"]);
    assert_eq!(urls(&[("SLACK_URL", "https://from.environment/")])[0], "https://from.environment/");
}

#[test]
fn missing_secret_is_a_finding_and_no_error() {
    let receiver = receiver("[route.slack]\nurl = { env = \"SLACK_URL\" }");
    assert_eq!(receiver.check(), ["SLACK_URL is neither in the environment nor in .env"]);
    assert_eq!(receiver.transport.to_string(), "slack to variable SLACK_URL");
}

#[test]
fn secret_is_sent_to_other_machines_with_tls_only() {
    let problem = "variable HOOK: the secret would be sent unencrypted: the URL must begin with https://";
    for (url, problems) in [("http://a/b", &[problem][..]), ("https://a/b", &[]), ("http://127.0.0.1/b", &[])] {
        for table in ["slack", "webhook"] {
            let toml = format!("[[route]]\nname = \"ops\"\n[route.{table}]\nurl = {{ env = \"HOOK\" }}");
            assert_eq!(load(&toml, &[("HOOK", url)]).1.routes[0].receiver.check(), problems, "{table} {url}");
        }
    }
    for toml in [
        "url = \"http://a/b\"\nheaders = { X-A = \"a\" }\nhmac_secret = { env = \"PATH\" }",
        "url = \"http://[::1]/b\"\nheaders = { X-A = { env = \"A\" } }",
    ] {
        let (_, config) =
            load(&format!("[[route]]\nname = \"ops\"\n[route.webhook]\n{toml}"), &[("A", "a"), ("PATH", "b")]);
        assert_eq!(config.routes[0].receiver.check(), Vec::<String>::new(), "{toml}");
    }
}

#[test]
fn transport_is_shown_without_secrets() {
    for (toml, shown) in [
        ("[route.webhook]\nurl = \"https://example.org/hunter2\"", "webhook to https://example.org/…"),
        ("[route.command]\nargv = [\"/bin/cat\", \"hunter2\"]", "command /bin/cat"),
        ("[route.desktop]", "desktop"),
        ("[route.stdout]", "stdout"),
    ] {
        assert_eq!(receiver(toml).transport.to_string(), shown);
    }
}

#[test]
fn webhook_has_every_key_of_the_file() {
    let toml = r#"
        [[route]]
        name = "hook"
        [route.webhook]
        url = { env = "HOOK" }
        headers = { Authorization = { env = "TOKEN" }, "X-Team" = "ops" }
        hmac_secret = { file = "key" }
        body = "{{ title }}"
        content_type = "text/x"
        ca_file = "ca.pem"
        accept_invalid_certificates = true
    "#;
    let (_, config) = load(toml, &[("HOOK", "https://example.org/hunter2"), ("TOKEN", "hunter2")]);
    let Transport::Webhook(Webhook { url, headers, hmac_secret, body, trust }) = &config.routes[0].receiver.transport
    else {
        panic!("{config:?}")
    };
    assert_eq!(url.read().unwrap(), "https://example.org/hunter2");
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.read().unwrap())).collect();
    assert_eq!(headers, [("Authorization", "hunter2".to_owned()), ("X-Team", "ops".to_owned())]);
    assert!(hmac_secret.is_some() && trust.accept_invalid_certificates && trust.ca_file.is_some());
    assert_eq!(body.as_ref().unwrap().content_type, "text/x");
    assert!(!format!("{config:?}").contains("hunter2"));
    assert!(matches!(url, Guarded::Secret(_)));
}

/// The text after the head of a route, and the error after `DIR/checkpost.toml:`.
#[test]
fn mistake_in_a_transport_is_one_line_with_origin_value_and_remedy() {
    let secret = "must be { env = \"NAME\" } or { file = \"PATH\" }: secrets do not belong in this file";
    let tables = "a [[route]] must have exactly one of the tables email, slack, webhook, command, desktop or stdout";
    for (text, expected) in [
        ("", format!("1: {tables}")),
        ("[route.stdout]\n[route.desktop]", format!("1: {tables}")),
        ("[route.slack]\nurl = \"https://hooks.slack.com/hunter2\"", format!("4: route.slack.url is a string: {secret}")),
        ("[route.slack]\nurl = { env = \"https://hooks.slack.com/hunter2\" }", format!("4: route.slack.url is a table: {secret}")),
        ("[route.slack]\nurl = { env = \"A\", file = \"b\" }", format!("4: route.slack.url is a table: {secret}")),
        ("[route.slack]\nurl = 5", format!("4: route.slack.url is a number: {secret}")),
        ("[route.slack]", "3: [route.slack] has no url: add one, such as url = { env = \"SLACK_URL\" }".to_owned()),
        ("[route.slack]\ntoken = 1", "4: unknown key 'route.slack.token': allowed keys are url, ca_file, accept_invalid_certificates".to_owned()),
        ("[route.email]\nto = [\"ops@example.org\"]", "3: [route.email] needs [smtp], the relay that takes the mail".to_owned()),
        ("[route.email]\nto = []", "3: [route.email] has no to: add one, such as to = [\"ops@example.org\"]".to_owned()),
        ("[route.email]\nto = [\"ops\"]", "4: route.email.to is [\"ops\"]: must be a list of addresses, such as \"ops@example.org\" or \"Ops <ops@example.org>\"".to_owned()),
        ("[route.email]\nto = [\"a@example.org\\r\\nRCPT TO:<b@example.org>\"]", "4: route.email.to is [\"a@example.org\\r\\nRCPT TO:<b@example.org>\"]: must be a list of addresses, such as \"ops@example.org\" or \"Ops <ops@example.org>\"".to_owned()),
        ("[route.email]\nto = [\"ops@example.org\"]\n[smtp]\nserver = \"mail\"", "3: [route.email] has no from: add one, such as from = \"checkpost@example.org\", here or under [smtp]".to_owned()),
        ("[route.webhook]\nurl = \"example.org/hunter2\"", "4: route.webhook.url: not a URL of the form https://HOST/PATH".to_owned()),
        ("[route.webhook]\nurl = \"http://a/\"\nheaders = { X-A = { env = \"A\" } }", "4: the secrets in route.webhook.headers would be sent unencrypted: route.webhook.url must begin with https://".to_owned()),
        ("[route.webhook]\nurl = \"https://a/\"\nmethod = \"PUT\"", "5: unknown key 'route.webhook.method': allowed keys are url, headers, hmac_secret, body, content_type, ca_file, accept_invalid_certificates".to_owned()),
        ("[route.webhook]\nurl = \"https://a/\"\nheaders = { authorization = \"Bearer hunter2\" }", format!("5: route.webhook.headers.authorization is a string: {secret}")),
        ("[route.webhook]\nurl = \"https://a/\"\nheaders = { \"X Y\" = \"a\" }", "5: route.webhook.headers.X Y is not a valid header name".to_owned()),
        ("[route.webhook]\nurl = \"https://a/\"\nheaders = { Content-type = \"a\" }", "5: route.webhook.headers.Content-type is set by checkpost".to_owned()),
        ("[route.webhook]\nurl = \"https://a/\"\nheaders = { X-A = \"a\\r\\nX-B: hunter2\" }", "5: route.webhook.headers.X-A must be one line of text".to_owned()),
        ("[route.webhook]\nurl = \"https://a/\"\nheaders = { X-A = 5 }", "5: route.webhook.headers.X-A is a number: must be a string, { env = \"NAME\" } or { file = \"PATH\" }".to_owned()),
        ("[route.webhook]\nurl = \"https://a/\"\nhmac_secret = \"hunter2\"", format!("5: route.webhook.hmac_secret is a string: {secret}")),
        ("[route.webhook]\nurl = \"https://a/\"\ncontent_type = \"text/plain\"", "5: route.webhook.content_type needs route.webhook.body: a webhook without a body sends JSON".to_owned()),
        ("[route.webhook]\nurl = \"https://a/\"\nbody = \"a\"\ncontent_type = \"a\\nb\"", "6: route.webhook.content_type must be one line of text, such as \"text/plain\"".to_owned()),
        ("[route.webhook]\nurl = \"https://a/\"\nbody = \"\"\"\na\n{{ b\"\"\"", "5: route.webhook.body, line 2: syntax error: unexpected end of input, expected end of variable block".to_owned()),
        ("[route.webhook]\nurl = \"https://a/\"\n[route.template]\ntitle = \"a\"", "1: a webhook route cannot have a template: it sends JSON, or the text of route.webhook.body".to_owned()),
        ("[route.command]\nargv = [\"a\"]\n[route.template]\ntitle = \"a\"", "1: a command route cannot have a template: it sends JSON".to_owned()),
        ("[route.command]\nargv = []", "3: [route.command] has no argv: add one, such as argv = [\"/usr/local/bin/page\"]".to_owned()),
        ("[route.command]\nargv = \"page ops\"", "4: route.command.argv is a string: must be a list of a program and its arguments, such as [\"/usr/local/bin/page\", \"--to\", \"ops\"]".to_owned()),
        ("[route.command]\nargv = [\"/bin/page\", \"--token=hunter2\", 5]", "4: route.command.argv is a list: must be a list of a program and its arguments, such as [\"/usr/local/bin/page\", \"--to\", \"ops\"]".to_owned()),
        ("slack = \"https://hooks.slack.com/hunter2\"", "3: route.slack is a string: must be a table: [route.slack]".to_owned()),
        ("[route.webhook]\nurl = \"https://a/\"\nheaders = [\"hunter2\"]", "5: route.webhook.headers is a list: must be a table: [route.webhook.headers]".to_owned()),
        ("[route.stdout]\n[route.template]\ntitle = \"{% if %}\"", "5: route.template.title, line 1: syntax error: unexpected end of block".to_owned()),
        ("[route.stdout]\n[route.template]\nbody = \"{% include 'other' %}\"", "5: route.template.body, line 1: syntax error: unknown statement include".to_owned()),
    ] {
        let site = Site::new(&[("checkpost.toml", &format!("[[route]]\nname = \"ops\"\n{text}"))]);
        let error = match site.load_with(&Flags::default(), &[]) {
            Err(_) => site.error(&Flags::default(), &[]),
            Ok(config) => panic!("{text}: {:?}", config.routes[0].receiver.check()),
        };
        assert_eq!(error, format!("DIR/checkpost.toml:{expected}"), "{text}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn mistake_in_a_relay_is_one_line_with_origin_value_and_remedy() {
    for (text, expected) in [
        ("port = 25", "1: [smtp] has no server: add one, such as server = \"mail.example.org\""),
        (
            "server = \"mail.example.org:25\"",
            "2: smtp.server is \"mail.example.org:25\": must be a host name or an IP address",
        ),
        ("server = \"a\"\nport = 0", "3: smtp.port is 0: must be a whole number from 1 to 65535"),
        (
            "server = \"a\"\ntls = \"opportunistic\"",
            "3: smtp.tls is \"opportunistic\": must be \"starttls\", \"implicit\" or \"none\"",
        ),
        ("server = \"a\"\nusername = \"x\"", "3: smtp.username needs smtp.password"),
        ("server = \"a\"\npassword = { env = \"X\" }", "3: smtp.password needs smtp.username"),
        (
            "server = \"a\"\nusername = \"x\"\npassword = \"hunter2\"",
            "4: smtp.password is a string: must be { env = \"NAME\" } or { file = \"PATH\" }: secrets do not belong in this file",
        ),
        (
            "server = \"mail.example.org\"\ntls = \"none\"\nusername = \"x\"\npassword = { env = \"X\" }",
            "5: smtp.password would be sent unencrypted: tls must be \"starttls\" or \"implicit\"",
        ),
        (
            "server = \"a\"\nfrom = \"a\\nb@example.org\"",
            "3: smtp.from is \"a\\nb@example.org\": must be an address, such as \"checkpost@example.org\" or \"checkpost <checkpost@example.org>\"",
        ),
        ("server = \"a\"\ntimeout = \"0s\"", "3: smtp.timeout is \"0s\": must be a duration such as \"30s\""),
        (
            "server = \"a\"\nstarttls = true",
            "3: unknown key 'smtp.starttls': allowed keys are server, port, tls, username, password, from, ca_file, accept_invalid_certificates, timeout",
        ),
    ] {
        assert_refused(&format!("[smtp]\n{text}"), expected);
    }
}

#[test]
fn secret_in_a_broken_line_of_dotenv_is_named_by_its_line() {
    let toml = "[[route]]\nname = \"ops\"\n[route.slack]\nurl = { env = \"SLACK_URL\" }";
    let site = Site::new(&[("checkpost.toml", toml), (".env", "A=1\nSLACK_URL=two hunter2\n")]);
    let expected = "DIR/.env:2: not of the form NAME=value; put a value with spaces or quotes in \"double quotes\"";
    assert_eq!(site.error(&Flags::default(), &[]), expected);
}

#[test]
fn documented_examples_of_delivery_are_valid() {
    let document = include_str!("../../../../../docs/reference/delivery.md");
    let examples = || document.split("```toml\n").skip(1).map(|rest| rest.split_once("```").unwrap().0);
    let relay = examples().find(|example| example.starts_with("[smtp]")).unwrap().split("[[route]]").next().unwrap();
    let mut count = 0;
    for example in examples() {
        // Some examples show only a part of a route.
        let toml = match example {
            example if example.starts_with("password = ") => example
                .lines()
                .enumerate()
                .map(|(n, line)| {
                    format!("[[route]]\nname = \"{n}\"\n[route.slack]\n{}\n", line.replace("password", "url"))
                })
                .collect(),
            example if example.starts_with("[smtp]") || example.starts_with("[[check]]") => example.to_owned(),
            example if example.starts_with("[[route]]") => format!("{relay}{example}"),
            example if example.starts_with("[route.template]") => {
                format!("[[route]]\nname = \"a\"\n{example}\n[route.stdout]")
            }
            example => format!("[[route]]\nname = \"a\"\n{example}"),
        };
        let (_, config) = load(&toml, &[]);
        for route in &config.routes {
            let problems = route.receiver.check();
            let depends_on_the_machine = |problem: &String| {
                ["neither in the environment", "cannot read", "cannot find program"]
                    .iter()
                    .any(|part| problem.contains(part))
            };
            assert!(problems.iter().all(depends_on_the_machine), "{problems:?}");
            count += 1;
        }
    }
    assert!(count >= 9, "{count}");
}
