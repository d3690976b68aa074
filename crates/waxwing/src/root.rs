//! `waxwing root`: whose signatures clients follow to everything else, when those keys lie elsewhere.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand, ValueEnum};
use waxwing_cli::{Output, files, prompt};
use waxwing_crypto::PrivateKey;
use waxwing_instance::control::Order;
use waxwing_instance::{
    Address, DataDirectory, RoleSigners, RootChange, TufKey, Waiting, sign_draft,
};
use waxwing_tuf::metadata::{Metadata, Root, Signed, Targets, TopRole};
use zeroize::Zeroizing;

use crate::order::{Reached, reach};
use crate::system::surroundings;
use crate::up::Data;

/// The largest document and the largest key that are read, in bytes.
const LARGEST: usize = 1 << 20;

/// Keep the keys of the root of trust elsewhere, and sign with them
///
/// Clients follow the TUF root to everything that an instance says. Its keys, and those of the targets,
/// may lie on other machines and in other hands, and so many of them must sign. What needs them is a
/// draft below DIR/tuf/drafts: a file that goes to whoever has a key, and comes back signed.
///
/// Example:
///   waxwing root init --public-url https://sigstore.example.com \\
///     --root-key alice.pub --root-key bob.pub --root-key carol.pub --targets-key dave.pub
///   waxwing root sign 1.root.json --key alice.pem      (on Alice's machine, with a copy)
///   waxwing root sign 1.root.json                      (on the instance's, with the copy that came back)
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct RootCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(Init),
    Sign(Sign),
    Rotate(RotateRoot),
}

/// Keys that lie elsewhere.
#[derive(Debug, Args)]
struct Elsewhere {
    /// A public key that signs roots, in PEM; repeat it for more
    #[arg(long, value_name = "FILE")]
    root_key: Vec<PathBuf>,
    /// How many of them must sign [default: more than half]
    #[arg(long, value_name = "NUMBER", requires = "root_key")]
    root_threshold: Option<u64>,
    /// A public key that signs what clients are to trust, in PEM; repeat it for more
    #[arg(long, value_name = "FILE")]
    targets_key: Vec<PathBuf>,
    /// How many of them must sign [default: more than half]
    #[arg(long, value_name = "NUMBER", requires = "targets_key")]
    targets_threshold: Option<u64>,
}

/// Begin an instance whose root of trust is signed elsewhere
///
/// The directory gets all other keys, and the draft of the first root. `waxwing up` starts it once the
/// draft has enough signatures. Roles without a key here have theirs in the directory.
///
/// Example:
///   waxwing root init --public-url https://sigstore.example.com --root-key alice.pub
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
struct Init {
    #[command(flatten)]
    data: Data,
    /// Where clients will find it
    #[arg(long, value_name = "URL")]
    public_url: String,
    #[command(flatten)]
    elsewhere: Elsewhere,
}

/// Sign what waits, or hand in what others have signed
///
/// With --key and files: adds a signature to each file, which is a copy of a draft; no instance is
/// needed. Files without --key are handed in to the instance. With --key alone what waits in the
/// instance is signed there. With neither, it is said what waits. With the last signature it is
/// published: at once if the instance runs, else by its next start.
///
/// Example:
///   waxwing root sign 2.root.json --key alice.pem
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
struct Sign {
    #[command(flatten)]
    data: Data,
    /// Copies of drafts
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A private key in PEM, plain or under a password, which is asked for
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// Let others sign from the next root of trust on
///
/// The next root is drafted, to be signed by keys of before and by those of after. Keys that lie in the
/// directory sign it at once.
///
/// Example:
///   waxwing root rotate --root-key alice.pub --root-key erin.pub --root-threshold 2
///   waxwing root rotate --new online
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
struct RotateRoot {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    elsewhere: Elsewhere,
    /// Make a new key for this role in the directory; repeat it for more
    #[arg(long, value_enum, value_name = "ROLE")]
    new: Vec<Role>,
}

/// Whose key.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Role {
    /// Signs roots
    Root,
    /// Signs what clients are to trust
    Targets,
    /// Signs each day that nothing is new
    Online,
}

impl RootCommand {
    pub(crate) fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        match &self.command {
            Command::Init(command) => command.run(output),
            Command::Sign(command) => command.run(output),
            Command::Rotate(command) => command.run(output),
        }
    }
}

impl Init {
    fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        let address = Address::new(&self.public_url)?;
        let change = self.elsewhere.change()?;
        ensure!(
            change.root.is_some() || change.targets.is_some(),
            "no key lies elsewhere: name --root-key or --targets-key, or begin with `waxwing up`"
        );
        let waiting = DataDirectory::begin(&self.data.data, &address, &change, &surroundings())?;
        tell(&waiting, output)
    }
}

impl Sign {
    fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        let key = self.key.as_deref().map(private_key).transpose()?;
        let read = |path: &PathBuf| files::read(path, LARGEST);
        match (key, self.files.as_slice()) {
            (Some(key), []) => {
                let mut waiting = hand_in(&self.data.data, Vec::new())?;
                let paths: Vec<_> = waiting.iter().map(|one| one.path.clone()).collect();
                let (mut accepted, mut refused) = (false, None);
                for path in &paths {
                    // With the first the second may have been published, or drafted anew.
                    if !path.exists() {
                        continue;
                    }
                    let draft = read(path)?;
                    look_at(&draft, output)?;
                    match hand_in(&self.data.data, vec![sign_draft(&draft, &key)?]) {
                        Ok(still) => {
                            accepted = true;
                            waiting = still;
                        }
                        Err(error) => refused = Some(error.context(path.display().to_string())),
                    }
                }
                // One key seldom signs both.
                match refused {
                    Some(refused) if !accepted => Err(refused),
                    Some(refused) => {
                        output.note(&format!("Not signed: {refused:#}"));
                        tell(&waiting, output)
                    }
                    None => tell(&waiting, output),
                }
            }
            (Some(key), copies) => {
                for path in copies {
                    let copy = read(path)?;
                    look_at(&copy, output)?;
                    let signed = sign_draft(&copy, &key);
                    let signed = signed.with_context(|| path.display().to_string())?;
                    files::write(path, &signed)?;
                    output.line(&format!("{}: signed", path.display()))?;
                }
                Ok(())
            }
            (None, copies) => {
                let copies = copies.iter().map(read).collect::<anyhow::Result<_>>()?;
                tell(&hand_in(&self.data.data, copies)?, output)
            }
        }
    }
}

impl RotateRoot {
    fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        let mut change = self.elsewhere.change()?;
        let made = self.new.iter().map(|role| match role {
            Role::Root => TufKey::Root,
            Role::Targets => TufKey::Targets,
            Role::Online => TufKey::Online,
        });
        change.made = made.collect();
        let twice = [
            (change.root.is_some(), TufKey::Root, "--root-key"),
            (change.targets.is_some(), TufKey::Targets, "--targets-key"),
        ];
        for (is_elsewhere, kind, flag) in twice {
            if is_elsewhere && change.made.contains(&kind) {
                bail!(
                    "--new makes a key in the directory, and {flag} names one elsewhere; choose one"
                );
            }
        }
        ensure!(
            change != RootChange::default(),
            "nothing would change: name --root-key, --targets-key or --new"
        );
        let waiting = match reach(&self.data.data)? {
            Reached::Running(running) => running.ask(&Order::ChangeRoot(change))?,
            Reached::Directory(data) => data.change_root(&change, &surroundings())?,
        };
        tell(&waiting, output)
    }
}

impl Elsewhere {
    fn change(&self) -> anyhow::Result<RootChange> {
        Ok(RootChange {
            root: signers(&self.root_key, self.root_threshold)?,
            targets: signers(&self.targets_key, self.targets_threshold)?,
            made: Vec::new(),
        })
    }
}

fn signers(paths: &[PathBuf], threshold: Option<u64>) -> anyhow::Result<Option<RoleSigners>> {
    if paths.is_empty() {
        return Ok(None);
    }
    let keys = paths.iter().map(|path| {
        let pem = String::from_utf8(files::read(path, LARGEST)?);
        pem.with_context(|| {
            format!(
                "{} is not text; expected a public key in PEM",
                path.display()
            )
        })
    });
    let keys: Vec<String> = keys.collect::<anyhow::Result<_>>()?;
    let half = keys.len() as u64 / 2;
    Ok(Some(RoleSigners {
        keys,
        threshold: threshold.unwrap_or(half.saturating_add(1)),
    }))
}

fn hand_in(data: &Path, copies: Vec<Vec<u8>>) -> anyhow::Result<Vec<Waiting>> {
    match reach(data)? {
        Reached::Running(running) => {
            let copies = copies.into_iter().map(String::from_utf8);
            let copies = copies.collect::<Result<_, _>>().context("not JSON")?;
            running.ask(&Order::Sign { copies })
        }
        Reached::Directory(directory) => Ok(directory.merge(&copies, &surroundings())?),
    }
}

/// Says what waits, a line each.
fn tell(waiting: &[Waiting], output: &mut Output) -> anyhow::Result<()> {
    if waiting.is_empty() {
        output.note("Nothing waits for a signature.");
    }
    for one in waiting {
        let path = one.path.display();
        match &one.missing {
            Some(missing) => output.line(&format!("{path}: {missing}"))?,
            None => output.line(&format!("{path}: complete; the next start publishes it"))?,
        }
    }
    Ok(())
}

/// Shows whoever signs what it is.
fn look_at(document: &[u8], output: &mut Output) -> anyhow::Result<()> {
    if let Ok(root) = Metadata::<Root>::parse(document) {
        let root = root.signed();
        output.note(&format!(
            "Root {}, good until {}:",
            root.version(),
            root.expires()
        ));
        for role in TopRole::ALL {
            let keys = root.role(role);
            let names: Vec<_> = keys.key_ids().iter().map(|id| id.as_str()).collect();
            output.note(&format!(
                "  {role}: {} of {}",
                keys.threshold(),
                names.join(", ")
            ));
        }
        return Ok(());
    }
    let targets = Metadata::<Targets>::parse(document)
        .context("neither a root nor targets of TUF; expected a draft of DIR/tuf/drafts")?;
    let targets = targets.signed();
    output.note(&format!(
        "Targets {}, good until {}:",
        targets.version(),
        targets.expires()
    ));
    for (path, target) in targets.iter() {
        let hash = target.hashes().iter().next();
        let hash = hash.map_or_else(String::new, |(name, hash)| format!(" {name} {hash}"));
        output.note(&format!("  {path}{hash}"));
    }
    Ok(())
}

fn private_key(path: &Path) -> anyhow::Result<PrivateKey> {
    let pem = Zeroizing::new(fs::read(path).with_context(|| path.display().to_string())?);
    let pem = std::str::from_utf8(&pem).unwrap_or_default();
    let key = match pem.contains("ENCRYPTED") {
        true => {
            let password = prompt::known_password(&path.display().to_string())?;
            PrivateKey::from_encrypted_pem(pem, password.as_bytes())
        }
        false => PrivateKey::from_pem(pem),
    };
    key.with_context(|| path.display().to_string())
}
