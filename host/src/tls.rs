//! Whose certificates are believed when something is sent.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

/// Which certificates a server may show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// Certificates in PEM, absolute: these take the place of those that the system trusts.
    pub ca_file: Option<PathBuf>,
    /// Whether any certificate will do. Whoever is in between can then read and change everything.
    pub accept_invalid_certificates: bool,
}

/// How large a file of certificates may be: the system's own bundles have a quarter of it.
const MAX_BYTES: u64 = 1 << 20;

impl Trust {
    /// The certificates that take the place of the system's, as PEM.
    ///
    /// # Errors
    /// Why they cannot be read, as one line.
    pub fn pem(&self) -> Result<Option<Vec<u8>>, String> {
        let Some(path) = &self.ca_file else { return Ok(None) };
        let shown = crate::clean::owned(&path.display().to_string());
        let mut pem = Vec::new();
        let read = File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut pem));
        match read {
            Err(error) => Err(format!("cannot read ca_file {shown}: {error}")),
            Ok(_) if pem.len() as u64 > MAX_BYTES => Err(format!("ca_file {shown} is larger than 1 MiB")),
            // Nothing but this makes a file of certificates out of one that holds a key or is in DER.
            Ok(_) if !contains(&pem, b"-----BEGIN CERTIFICATE-----") => {
                Err(format!("ca_file {shown} has no certificate in PEM: it must have -----BEGIN CERTIFICATE-----"))
            }
            Ok(_) => Ok(Some(pem)),
        }
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
