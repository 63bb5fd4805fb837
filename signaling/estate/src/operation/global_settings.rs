//! What the connectors of an account share.

use trunk::GlobalSettings;
use trunk::records::Records;
use trunk::snapshot::Snapshot;

use crate::account::Account;
use crate::draft::Draft;
use crate::estate::Estate;
use crate::id::AccountId;
use crate::records::ANY_ZONE;
use crate::refusal::Refusal;

impl Estate {
    /// Tells what the connectors of an account share. How call detail records are written is the same for all accounts.
    ///
    /// # Errors
    /// If there is no such account.
    pub fn global_settings(&self, account: AccountId) -> Result<GlobalSettings, Refusal> {
        let cdr_bucket = self.account(account)?.global_settings.cdr_bucket.clone();
        Ok(GlobalSettings { cdr_bucket, cdr_schema: self.installation_or_default().cdr_schema })
    }
}

impl Draft<'_> {
    /// Sets where the call detail records of an account are put; nowhere if nothing is said.
    ///
    /// # Errors
    /// If there is no such account, or the bucket's name is none.
    pub fn update_global_settings(
        &mut self,
        account: AccountId,
        cdr_bucket: Option<String>,
    ) -> Result<(), Refusal> {
        let before = self.account(account)?;
        check_bucket(cdr_bucket.as_deref())?;
        let global_settings = GlobalSettings { cdr_bucket, ..GlobalSettings::default() };
        self.put(&account, Account { global_settings, ..Account::clone(&before) });
        Ok(())
    }
}

/// Checks the name of a bucket.
pub(super) fn check_bucket(cdr_bucket: Option<&str>) -> Result<(), Refusal> {
    let Some(bucket) = cdr_bucket else { return Ok(()) };
    if bucket.starts_with("xn--") || bucket.ends_with("-s3alias") {
        let message = format_args!(
            "CdrBucket: wanted one without xn-- before it and -s3alias behind, found {bucket:?}"
        );
        return Err(Refusal::bad_request(message));
    }
    let global_settings = GlobalSettings { cdr_bucket: Some(bucket.to_owned()), ..GlobalSettings::default() };
    Snapshot::build(&Records { global_settings, zone: ANY_ZONE.to_owned(), ..Records::default() })?;
    Ok(())
}
