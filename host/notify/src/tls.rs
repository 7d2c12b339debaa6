//! The certificates that servers may present.

use std::path::PathBuf;

/// The certificates that a server may present.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// A PEM file, absolute, whose certificates replace those that the system trusts.
    pub ca_file: Option<PathBuf>,
    /// Whether any certificate is accepted. Anybody on the network path can then read and change everything.
    pub accept_invalid_certificates: bool,
}

/// Bytes of a certificate file: four times the size of the bundles that systems have.
const MAX_BYTES: u64 = 1 << 20;

impl Trust {
    /// The certificates that replace those of the system, as PEM.
    ///
    /// # Errors
    /// Why they cannot be read, as one line.
    pub fn pem(&self) -> Result<Option<Vec<u8>>, String> {
        let Some(path) = &self.ca_file else { return Ok(None) };
        let shown = checkpost_model::clean::owned(&path.display().to_string());
        let pem =
            checkpost_files::read(path, MAX_BYTES).map_err(|error| format!("cannot read ca_file {shown}: {error}"))?;
        // In a key or in DER, the PEM parsers find no certificate and report no error.
        if !contains(&pem, b"-----BEGIN CERTIFICATE-----") {
            return Err(format!("ca_file {shown} contains no PEM certificate (-----BEGIN CERTIFICATE-----)"));
        }
        Ok(Some(pem))
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// The error of a TLS library; if it is about a certificate, with the key that may help.
pub(crate) fn with_ca_hint(error: String) -> String {
    match error.contains("certificate") {
        true => format!("{error} (for a private CA, set ca_file)"),
        false => error,
    }
}
