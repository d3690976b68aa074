//! A repository in memory, the keys of everybody, and a client of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::time::UnixTime;
use waxwing_encoding::{hex, olpc_json};
use waxwing_tuf::client::{Answer, Base, LocalCopy, Refresh, Start, Trusted, UpdateError, Wanted};
use waxwing_tuf::metadata::{Key, TopRole};
use waxwing_tuf::repository::{
    File, FirstRoot, Period, Quorum, Renewal, Repository, TargetEdit, first_root,
};

/// The time at which everything happens.
pub(crate) const NOW: &str = "2026-11-23T12:00:00Z";
/// When metadata expires that nobody looks at.
pub(crate) const LATER: &str = "2099-01-01T00:00:00Z";

pub(crate) fn at(text: &str) -> UnixTime {
    UnixTime::parse(text).unwrap()
}

pub(crate) fn key(kind: KeyType) -> PrivateKey {
    PrivateKey::generate(kind).unwrap()
}

pub(crate) fn quorum(keys: &[&PrivateKey], threshold: u64) -> Quorum {
    Quorum::new(keys.iter().map(|key| key.public_key()), threshold).unwrap()
}

/// Periods in which nothing is renewed but what must be.
pub(crate) fn calm() -> Renewal {
    let period = Period {
        expires: at(LATER),
        renew_before: at(NOW),
    };
    Renewal {
        snapshot: period,
        timestamp: period,
    }
}

/// Periods in which all is made anew.
pub(crate) fn anew() -> Renewal {
    let period = Period {
        expires: at(LATER),
        renew_before: at("9999-01-01T00:00:00Z"),
    };
    Renewal {
        snapshot: period,
        timestamp: period,
    }
}

pub(crate) fn set(path: &str, content: &[u8]) -> TargetEdit {
    TargetEdit::Set {
        path: path.into(),
        content: content.into(),
        custom: None,
    }
}

/// One key a role, the repository, and its files as they would lie on a server.
pub(crate) struct World {
    pub(crate) root: PrivateKey,
    pub(crate) timestamp: PrivateKey,
    pub(crate) snapshot: PrivateKey,
    pub(crate) targets: PrivateKey,
    pub(crate) repository: Repository,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

impl World {
    /// A repository with the target `a.txt`.
    pub(crate) fn new(consistent_snapshot: bool) -> Self {
        let [root, timestamp, snapshot, targets] = [
            KeyType::EcdsaP256,
            KeyType::Ed25519,
            KeyType::EcdsaP256,
            KeyType::EcdsaP384,
        ]
        .map(key);
        let mut draft = first_root(&FirstRoot {
            root: quorum(&[&root], 1),
            timestamp: quorum(&[&timestamp], 1),
            snapshot: quorum(&[&snapshot], 1),
            targets: quorum(&[&targets], 1),
            consistent_snapshot,
            expires: at(LATER),
        })
        .unwrap();
        draft.sign(&root).unwrap();
        let (repository, files) = Repository::create(draft).unwrap();
        let mut world = Self {
            root,
            timestamp,
            snapshot,
            targets,
            repository,
            files: BTreeMap::new(),
        };
        world.write(files);
        world.edit(&[set("a.txt", b"a")]);
        world
    }

    pub(crate) fn write(&mut self, files: Vec<File>) {
        let files = files.into_iter().map(|file| (file.path, file.bytes));
        self.files.extend(files);
    }

    /// Changes targets and refreshes.
    pub(crate) fn edit(&mut self, edits: &[TargetEdit]) {
        let (mut draft, contents) = self.repository.draft_targets(edits, at(LATER)).unwrap();
        draft.sign(&self.targets).unwrap();
        self.write(contents);
        let files = self.repository.publish_targets(draft).unwrap();
        self.write(files);
        self.refresh(&calm());
    }

    pub(crate) fn refresh(&mut self, renewal: &Renewal) {
        let keys = [&self.snapshot, &self.timestamp];
        let files = self.repository.refresh(&keys, renewal).unwrap();
        self.write(files);
    }

    /// Exchanges the key of one role, and publishes what has to follow.
    pub(crate) fn rotate(&mut self, role: TopRole, kind: KeyType) {
        let new = key(kind);
        let rotated = [(role, quorum(&[&new], 1))];
        let mut draft = self.repository.draft_root(&rotated, at(LATER)).unwrap();
        draft.sign(&self.root).unwrap();
        if role == TopRole::Root {
            draft.sign(&new).unwrap();
        }
        let files = self.repository.publish_root(draft).unwrap();
        self.write(files);
        match role {
            TopRole::Root => self.root = new,
            TopRole::Timestamp => self.timestamp = new,
            TopRole::Snapshot => self.snapshot = new,
            TopRole::Targets => self.targets = new,
        }
        match role {
            TopRole::Targets => self.edit(&[]),
            _ => self.refresh(&calm()),
        }
    }

    pub(crate) fn file(&self, path: &str) -> Vec<u8> {
        self.files[path].clone()
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.file("1.root.json"))
    }
}

/// The `signed` part of a file, changed and signed anew.
pub(crate) fn resigned(
    file: &[u8],
    keys: &[&PrivateKey],
    change: impl FnOnce(&mut Value),
) -> Vec<u8> {
    let document: Value = serde_json::from_slice(file).unwrap();
    let mut signed = document["signed"].clone();
    change(&mut signed);
    sign(&signed, keys)
}

/// A file with signatures by these keys, under the names that follow from them.
pub(crate) fn sign(signed: &Value, keys: &[&PrivateKey]) -> Vec<u8> {
    let payload = olpc_json::to_vec(signed).unwrap();
    let signature = |private: &&PrivateKey| {
        let key = Key::new(private.public_key()).unwrap();
        let signature = private
            .sign_with(key.algorithm().unwrap(), &payload)
            .unwrap();
        json!({ "keyid": key.id().as_str(), "sig": hex::encode(&signature) })
    };
    let signatures: Vec<Value> = keys.iter().map(signature).collect();
    serde_json::to_vec(&json!({ "signatures": signatures, "signed": signed })).unwrap()
}

/// A client with its local copy.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) root: Vec<u8>,
    pub(crate) local: LocalCopy,
    pub(crate) now: UnixTime,
    /// What the last update asked for.
    pub(crate) asked: Vec<String>,
}

impl Client {
    pub(crate) fn new(root: Vec<u8>) -> Self {
        Self {
            root,
            local: LocalCopy::new(),
            now: at(NOW),
            asked: Vec::new(),
        }
    }

    pub(crate) fn start(&self) -> Start {
        Start {
            root: self.root.clone(),
            local: self.local.clone(),
            now: self.now,
        }
    }

    pub(crate) fn update(
        &mut self,
        files: &BTreeMap<String, Vec<u8>>,
    ) -> Result<Trusted, UpdateError> {
        self.asked.clear();
        let mut refresh = Refresh::start(self.start())?;
        let mut outcome = Ok(());
        while let (Ok(()), Some(wanted)) = (&outcome, refresh.wanted()) {
            outcome = refresh.answer(answer(files, &wanted));
            self.asked.push(wanted.path);
            for change in refresh.take_changes() {
                self.local.apply(change);
            }
        }
        outcome?;
        refresh.finish()
    }

    /// Updates, finds a target and fetches its content.
    pub(crate) fn target(
        &mut self,
        files: &BTreeMap<String, Vec<u8>>,
        path: &str,
    ) -> Result<Vec<u8>, UpdateError> {
        let mut trusted = self.update(files)?;
        let mut search = trusted.search(path);
        while let Some(wanted) = search.wanted() {
            let answered = search.answer(answer(files, &wanted));
            self.asked.push(wanted.path);
            for change in search.take_changes() {
                self.local.apply(change);
            }
            answered?;
        }
        let target = search.finish()?;
        let wanted = target.wanted()?;
        self.asked.push(format!("targets/{}", wanted.path));
        let Answer::Fetched(content) = answer(files, &wanted) else {
            return Err(UpdateError::NotFound { path: wanted.path });
        };
        target.check(&content).unwrap();
        Ok(content)
    }
}

/// What the files answer; the paths here need no decoding.
pub(crate) fn answer(files: &BTreeMap<String, Vec<u8>>, wanted: &Wanted) -> Answer {
    let path = match wanted.base {
        Base::Metadata => wanted.path.clone(),
        Base::Targets => format!("targets/{}", wanted.path),
    };
    match files.get(&path) {
        Some(bytes) => Answer::Fetched(bytes.clone()),
        None => Answer::NotFound,
    }
}
