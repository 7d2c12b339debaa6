//! `[smtp]`, the transports of routes, their secrets and templates.

use std::sync::Arc;
use std::time::Duration;

use super::super::{Config, Flags};
use super::Place;
use crate::deliver::{Email, Encryption, Guarded, Outlet, Transport, Webhook};

fn load(toml: &str, variables: &[(&str, &str)]) -> (Place, Config) {
    let place = Place::new(&[("checkpost.toml", toml)]);
    let config = place.load(variables);
    (place, config)
}

fn outlet(toml: &str) -> Arc<Outlet> {
    load(&format!("[[route]]\nname = \"ops\"\n{toml}"), &[]).1.routes.remove(0).outlet
}

fn email(config: &Config) -> &Email {
    match &config.routes[0].outlet.transport {
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
fn a_relay_needs_a_name_and_has_the_port_of_its_encryption() {
    let toml = format!("[smtp]\nserver = \"mail.example.org\"\nfrom = \"checkpost@example.org\"\n{MAIL}");
    let (_, config) = load(&toml, &[]);
    let Email { relay, from, to } = email(&config);
    assert_eq!((relay.server.as_str(), relay.port, relay.encryption), ("mail.example.org", 587, Encryption::StartTls));
    assert_eq!((&relay.login, relay.trust.clone()), (&None, crate::tls::Trust::default()));
    assert_eq!((from.to_string(), to.len()), ("checkpost@example.org".to_owned(), 2));
    for (tls, port) in [("implicit", 465), ("none", 25)] {
        let (_, config) = load(&toml.replace("from", &format!("tls = \"{tls}\"\nfrom")), &[]);
        assert_eq!(email(&config).relay.port, port);
    }
}

#[test]
fn every_key_of_a_relay_arrives() {
    let (place, config) = load(
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
    assert_eq!(relay.trust.ca_file, Some(place.path("ca.pem")));
    assert!(relay.trust.accept_invalid_certificates);
    assert_eq!(from.to_string(), "web-1@example.org");
    let (user, password) = relay.login.as_ref().unwrap();
    assert_eq!((user.as_str(), password.read()), ("checkpost", Ok("hunter2".to_owned())));
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn a_secret_is_of_the_environment_of_dotenv_or_of_a_file() {
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
    let place = Place::new(&[
        ("checkpost.toml", toml),
        (".env", "SLACK_URL='https://from.dotenv/a$b'\n"),
        ("slack-url", "https://from.file/\n"),
    ]);
    let urls = |variables: &[(&str, &str)]| -> Vec<_> {
        let url = |outlet: &Outlet| match &outlet.transport {
            Transport::Slack(slack) => slack.url.read().unwrap(),
            other => panic!("{other:?}"),
        };
        place.load(variables).routes.iter().map(|route| url(&route.outlet)).collect()
    };
    assert_eq!(urls(&[]), ["https://from.dotenv/a$b", "https://from.file/"]);
    assert_eq!(urls(&[("SLACK_URL", "https://from.environment/")])[0], "https://from.environment/");
}

#[test]
fn a_secret_that_is_missing_stops_nothing_but_is_found() {
    let outlet = outlet("[route.slack]\nurl = { env = \"SLACK_URL\" }");
    assert_eq!(outlet.check(), ["SLACK_URL is neither in the environment nor in .env"]);
    assert_eq!(outlet.transport.to_string(), "slack to variable SLACK_URL");
}

#[test]
fn a_secret_goes_to_another_machine_by_tls_only() {
    let problem =
        "variable HOOK: a secret would cross the network for everyone to read: the address must begin with https://";
    for (url, problems) in [("http://a/b", &[problem][..]), ("https://a/b", &[]), ("http://127.0.0.1/b", &[])] {
        for table in ["slack", "webhook"] {
            let toml = format!("[[route]]\nname = \"ops\"\n[route.{table}]\nurl = {{ env = \"HOOK\" }}");
            assert_eq!(load(&toml, &[("HOOK", url)]).1.routes[0].outlet.check(), problems, "{table} {url}");
        }
    }
    for toml in [
        "url = \"http://a/b\"\nheaders = { X-A = \"a\" }\nhmac_secret = { env = \"PATH\" }",
        "url = \"http://[::1]/b\"\nheaders = { X-A = { env = \"A\" } }",
    ] {
        let (_, config) =
            load(&format!("[[route]]\nname = \"ops\"\n[route.webhook]\n{toml}"), &[("A", "a"), ("PATH", "b")]);
        assert_eq!(config.routes[0].outlet.check(), Vec::<String>::new(), "{toml}");
    }
}

#[test]
fn every_transport_is_known() {
    for (toml, shown) in [
        ("[route.webhook]\nurl = \"https://example.org/hunter2\"", "webhook to https://example.org/…"),
        ("[route.command]\nargv = [\"/bin/cat\", \"hunter2\"]", "command /bin/cat"),
        ("[route.desktop]", "desktop"),
        ("[route.stdout]", "stdout"),
    ] {
        assert_eq!(outlet(toml).transport.to_string(), shown);
    }
}

#[test]
fn every_key_of_a_webhook_arrives() {
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
    let Transport::Webhook(Webhook { url, headers, hmac_secret, body, trust }) = &config.routes[0].outlet.transport
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

/// One fixture for each mistake: its text after the head of a route, and what follows `DIR/checkpost.toml:`.
#[test]
fn a_mistake_in_a_route_is_one_line_with_place_value_and_remedy() {
    let secret = "must be { env = \"NAME\" } or { file = \"PATH\" }: it is a secret, and the file is no place for one";
    let tables = "a [[route]] has exactly one of the tables email, slack, webhook, command, desktop or stdout";
    for (text, expected) in [
        ("", format!("1: {tables}")),
        ("[route.stdout]\n[route.desktop]", format!("1: {tables}")),
        ("[route.slack]\nurl = \"https://hooks.slack.com/hunter2\"", format!("4: route.slack.url is a string: {secret}")),
        ("[route.slack]\nurl = { env = \"https://hooks.slack.com/hunter2\" }", format!("4: route.slack.url is a table: {secret}")),
        ("[route.slack]\nurl = { env = \"A\", file = \"b\" }", format!("4: route.slack.url is a table: {secret}")),
        ("[route.slack]\nurl = 5", format!("4: route.slack.url is a number: {secret}")),
        ("[route.slack]", "3: [route.slack] has no url: give it one, such as url = { env = \"SLACK_URL\" }".to_owned()),
        ("[route.slack]\ntoken = 1", "4: unknown key 'route.slack.token': allowed here are url, ca_file, accept_invalid_certificates".to_owned()),
        ("[route.email]\nto = [\"ops@example.org\"]", "3: [route.email] needs [smtp]: the relay that takes the mail".to_owned()),
        ("[route.email]\nto = []", "3: [route.email] has no to: give it one, such as to = [\"ops@example.org\"]".to_owned()),
        ("[route.email]\nto = [\"ops\"]", "4: route.email.to is [\"ops\"]: must be a list of addresses, such as \"ops@example.org\" or \"Ops <ops@example.org>\"".to_owned()),
        ("[route.email]\nto = [\"a@example.org\\r\\nRCPT TO:<b@example.org>\"]", "4: route.email.to is [\"a@example.org\\r\\nRCPT TO:<b@example.org>\"]: must be a list of addresses, such as \"ops@example.org\" or \"Ops <ops@example.org>\"".to_owned()),
        ("[route.email]\nto = [\"ops@example.org\"]\n[smtp]\nserver = \"mail\"", "3: [route.email] has no from: give it one, such as from = \"checkpost@example.org\", here or under [smtp]".to_owned()),
        ("[route.webhook]\nurl = \"example.org/hunter2\"", "4: route.webhook.url: not an address of the form https://HOST/PATH".to_owned()),
        ("[route.webhook]\nurl = \"http://a/\"\nheaders = { X-A = { env = \"A\" } }", "4: the secrets of route.webhook.headers would cross the network for everyone to read: route.webhook.url must begin with https://".to_owned()),
        ("[route.webhook]\nurl = \"https://a/\"\nmethod = \"PUT\"", "5: unknown key 'route.webhook.method': allowed here are url, headers, hmac_secret, body, content_type, ca_file, accept_invalid_certificates".to_owned()),
        ("[route.webhook]\nurl = \"https://a/\"\nheaders = { authorization = \"Bearer hunter2\" }", format!("5: route.webhook.headers.authorization is a string: {secret}")),
        ("[route.webhook]\nurl = \"https://a/\"\nheaders = { \"X Y\" = \"a\" }", "5: route.webhook.headers.X Y is no name of a header".to_owned()),
        ("[route.webhook]\nurl = \"https://a/\"\nheaders = { Content-type = \"a\" }", "5: route.webhook.headers.Content-type is set by checkpost".to_owned()),
        ("[route.webhook]\nurl = \"https://a/\"\nheaders = { X-A = \"a\\r\\nX-B: hunter2\" }", "5: route.webhook.headers.X-A must be one line of text".to_owned()),
        ("[route.webhook]\nurl = \"https://a/\"\nheaders = { X-A = 5 }", "5: route.webhook.headers.X-A is a number: must be a string, { env = \"NAME\" } or { file = \"PATH\" }".to_owned()),
        ("[route.webhook]\nurl = \"https://a/\"\nhmac_secret = \"hunter2\"", format!("5: route.webhook.hmac_secret is a string: {secret}")),
        ("[route.webhook]\nurl = \"https://a/\"\ncontent_type = \"text/plain\"", "5: route.webhook.content_type is that of a body: without one JSON is sent".to_owned()),
        ("[route.webhook]\nurl = \"https://a/\"\nbody = \"a\"\ncontent_type = \"a\\nb\"", "6: route.webhook.content_type must be one line of text, such as \"text/plain\"".to_owned()),
        ("[route.webhook]\nurl = \"https://a/\"\nbody = \"\"\"\na\n{{ b\"\"\"", "5: route.webhook.body, its line 2: syntax error: unexpected end of input, expected end of variable block".to_owned()),
        ("[route.webhook]\nurl = \"https://a/\"\n[route.template]\ntitle = \"a\"", "1: a route with webhook has no template: it gets JSON, or the text of route.webhook.body".to_owned()),
        ("[route.command]\nargv = [\"a\"]\n[route.template]\ntitle = \"a\"", "1: a route with command has no template: it gets JSON".to_owned()),
        ("[route.command]\nargv = []", "3: [route.command] has no argv: give it one, such as argv = [\"/usr/local/bin/page\"]".to_owned()),
        ("[route.command]\nargv = \"page ops\"", "4: route.command.argv is a string: must be a list of a program and its arguments, such as [\"/usr/local/bin/page\", \"--to\", \"ops\"]".to_owned()),
        ("[route.command]\nargv = [\"/bin/page\", \"--token=hunter2\", 5]", "4: route.command.argv is a list: must be a list of a program and its arguments, such as [\"/usr/local/bin/page\", \"--to\", \"ops\"]".to_owned()),
        ("slack = \"https://hooks.slack.com/hunter2\"", "3: route.slack is a string: must be a table: [route.slack]".to_owned()),
        ("[route.webhook]\nurl = \"https://a/\"\nheaders = [\"hunter2\"]", "5: route.webhook.headers is a list: must be a table: [route.webhook.headers]".to_owned()),
        ("[route.stdout]\n[route.template]\ntitle = \"{% if %}\"", "5: route.template.title, its line 1: syntax error: unexpected end of block".to_owned()),
        ("[route.stdout]\n[route.template]\nbody = \"{% include 'other' %}\"", "5: route.template.body, its line 1: syntax error: unknown statement include".to_owned()),
    ] {
        let place = Place::new(&[("checkpost.toml", &format!("[[route]]\nname = \"ops\"\n{text}"))]);
        let error = match place.load_with(&Flags::default(), &[]) {
            Err(_) => place.error(&Flags::default(), &[]),
            Ok(config) => panic!("{text}: {:?}", config.routes[0].outlet.check()),
        };
        assert_eq!(error, format!("DIR/checkpost.toml:{expected}"), "{text}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn a_mistake_in_a_relay_is_one_line_with_place_value_and_remedy() {
    for (text, expected) in [
        ("port = 25", "1: [smtp] has no server: give it one, such as server = \"mail.example.org\""),
        (
            "server = \"mail.example.org:25\"",
            "2: smtp.server is \"mail.example.org:25\": must be the name or the address of a server",
        ),
        ("server = \"a\"\nport = 0", "3: smtp.port is 0: must be a whole number from 1 to 65535"),
        (
            "server = \"a\"\ntls = \"opportunistic\"",
            "3: smtp.tls is \"opportunistic\": must be \"starttls\" or \"implicit\" or \"none\"",
        ),
        ("server = \"a\"\nusername = \"x\"", "3: smtp.username needs a smtp.password beside it"),
        ("server = \"a\"\npassword = { env = \"X\" }", "3: smtp.password needs a smtp.username beside it"),
        (
            "server = \"a\"\nusername = \"x\"\npassword = \"hunter2\"",
            "4: smtp.password is a string: must be { env = \"NAME\" } or { file = \"PATH\" }: it is a secret, and the file is no place for one",
        ),
        (
            "server = \"mail.example.org\"\ntls = \"none\"\nusername = \"x\"\npassword = { env = \"X\" }",
            "5: smtp.password would cross the network for everyone to read: tls must be \"starttls\" or \"implicit\"",
        ),
        (
            "server = \"a\"\nfrom = \"a\\nb@example.org\"",
            "3: smtp.from is \"a\\nb@example.org\": must be an address, such as \"checkpost@example.org\" or \"checkpost <checkpost@example.org>\"",
        ),
        ("server = \"a\"\ntimeout = \"0s\"", "3: smtp.timeout is \"0s\": must be a length of time such as \"30s\""),
        (
            "server = \"a\"\nstarttls = true",
            "3: unknown key 'smtp.starttls': allowed here are server, port, tls, username, password, from, ca_file, accept_invalid_certificates, timeout",
        ),
    ] {
        let place = Place::new(&[("checkpost.toml", &format!("[smtp]\n{text}"))]);
        assert_eq!(place.error(&Flags::default(), &[]), format!("DIR/checkpost.toml:{expected}"), "{text}");
    }
}

#[test]
fn a_variable_of_a_secret_that_dotenv_breaks_is_named_by_its_line() {
    let toml = "[[route]]\nname = \"ops\"\n[route.slack]\nurl = { env = \"SLACK_URL\" }";
    let place = Place::new(&[("checkpost.toml", toml), (".env", "A=1\nSLACK_URL=two hunter2\n")]);
    let expected = "DIR/.env:2: not of the form NAME=value; put a value with spaces or quotes in \"double quotes\"";
    assert_eq!(place.error(&Flags::default(), &[]), expected);
}

#[test]
fn every_example_of_the_documentation_is_valid() {
    let document = include_str!("../../../../docs/delivery.md");
    let examples = || document.split("```toml\n").skip(1).map(|rest| rest.split_once("```").unwrap().0);
    let relay = examples().find(|example| example.starts_with("[smtp]")).unwrap().split("[[route]]").next().unwrap();
    let mut count = 0;
    for example in examples() {
        // Some show a part of a route only.
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
            let problems = route.outlet.check();
            let is_of_this_machine = |problem: &String| {
                ["neither in the environment", "cannot read", "there is no program"]
                    .iter()
                    .any(|part| problem.contains(part))
            };
            assert!(problems.iter().all(is_of_this_machine), "{problems:?}");
            count += 1;
        }
    }
    assert!(count >= 9, "{count}");
}
