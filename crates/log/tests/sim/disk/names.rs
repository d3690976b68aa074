//! The names of files in directories: as processes see them, and as a crash leaves them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::dice::Dice;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Node {
    File(usize),
    Directory(usize),
}

/// A name in a directory.
pub(crate) type Place = (usize, String);

/// All directories. The first is the root.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    directories: Vec<Directory>,
    /// What was done to names and is not durable, oldest first.
    pending: Vec<Change>,
}

#[derive(Debug, Clone, Default)]
struct Directory {
    cached: BTreeMap<String, Node>,
    durable: BTreeMap<String, Node>,
}

#[derive(Debug, Clone)]
enum Change {
    Link(Place, Node),
    Unlink(Place, Node),
    Rename { from: Place, to: Place, node: Node },
}

const ROOT: usize = 0;

impl Default for Names {
    fn default() -> Self {
        Self {
            directories: vec![Directory::default()],
            pending: Vec::new(),
        }
    }
}

impl Names {
    /// What a path stands for.
    pub(crate) fn find(&self, path: &Path) -> io::Result<Node> {
        let mut node = Node::Directory(ROOT);
        for component in path.components() {
            let Component::Normal(name) = component else {
                continue;
            };
            let Node::Directory(directory) = node else {
                return Err(io::ErrorKind::NotADirectory.into());
            };
            let name = name.to_string_lossy();
            let found = self.directories[directory].cached.get(&*name);
            node = *found.ok_or(io::ErrorKind::NotFound)?;
        }
        Ok(node)
    }

    /// The file that a path stands for.
    pub(crate) fn file(&self, path: &Path) -> io::Result<usize> {
        match self.find(path)? {
            Node::File(file) => Ok(file),
            Node::Directory(_) => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    /// The directory that a path stands for.
    pub(crate) fn directory(&self, path: &Path) -> io::Result<usize> {
        match self.find(path)? {
            Node::Directory(directory) => Ok(directory),
            Node::File(_) => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// Where a path's last name is or would be.
    pub(crate) fn place(&self, path: &Path) -> io::Result<Place> {
        let parent = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let directory = self.directory(parent)?;
        Ok((directory, name.to_string_lossy().into_owned()))
    }

    pub(crate) fn at(&self, (directory, name): &Place) -> Option<Node> {
        self.directories[*directory].cached.get(name).copied()
    }

    pub(crate) fn list(&self, directory: usize) -> Vec<String> {
        self.directories[directory].cached.keys().cloned().collect()
    }

    /// The paths and files below a directory; none if it is not there.
    pub(crate) fn files_below(&self, path: &Path) -> Vec<(PathBuf, usize)> {
        let Ok(directory) = self.directory(path) else {
            return Vec::new();
        };
        let mut files = Vec::new();
        for (name, node) in &self.directories[directory].cached {
            let path = path.join(name);
            match node {
                Node::File(file) => files.push((path, *file)),
                Node::Directory(_) => files.extend(self.files_below(&path)),
            }
        }
        files
    }

    pub(crate) fn link(&mut self, place: Place, node: Node) {
        self.names(&place).insert(place.1.clone(), node);
        self.pending.push(Change::Link(place, node));
    }

    pub(crate) fn make_directory(&mut self, place: Place) {
        self.directories.push(Directory::default());
        self.link(place, Node::Directory(self.directories.len() - 1));
    }

    pub(crate) fn unlink(&mut self, place: Place) {
        if let Some(node) = self.names(&place).remove(&place.1) {
            self.pending.push(Change::Unlink(place, node));
        }
    }

    pub(crate) fn rename(&mut self, from: Place, to: Place) {
        if let Some(node) = self.names(&from).remove(&from.1) {
            self.names(&to).insert(to.1.clone(), node);
            self.pending.push(Change::Rename { from, to, node });
        }
    }

    /// Makes the names in a directory durable, and nothing beyond: a name that went from here to
    /// elsewhere goes there with it, since a rename is one step; one that came here from elsewhere may
    /// still be there as well.
    pub(crate) fn sync(&mut self, directory: usize) {
        for change in std::mem::take(&mut self.pending) {
            match change {
                Change::Link(place, node) if place.0 == directory => self.set(place, node),
                Change::Unlink(place, node) if place.0 == directory => self.clear(&place, node),
                Change::Rename { from, to, node } if from.0 == directory => {
                    self.clear(&from, node);
                    self.set(to, node);
                }
                Change::Rename { from, to, node } if to.0 == directory => {
                    self.set(to, node);
                    self.pending.push(Change::Unlink(from, node));
                }
                other => self.pending.push(other),
            }
        }
    }

    /// The power goes: each change that was not made durable has happened or not, if it could.
    pub(crate) fn crash(&mut self, dice: &mut Dice) {
        let mood = dice.below(4);
        for change in std::mem::take(&mut self.pending) {
            let kept = match mood {
                0 => true,
                1 => false,
                _ => dice.coin(),
            };
            if !kept {
                continue;
            }
            match change {
                Change::Link(place, node) => self.set(place, node),
                Change::Unlink(place, node) => self.clear(&place, node),
                Change::Rename { from, to, node } => {
                    let source = self.directories[from.0].durable.get(&from.1);
                    if source == Some(&node) {
                        self.clear(&from, node);
                        self.set(to, node);
                    }
                }
            }
        }
        for directory in &mut self.directories {
            directory.cached.clone_from(&directory.durable);
        }
    }

    /// Puts what another image has under one of the root's names in place of what is here. `files` is
    /// told of each file there, and says under which number it is kept here.
    pub(crate) fn graft(
        &mut self,
        name: &str,
        other: &Self,
        files: &mut impl FnMut(usize) -> usize,
    ) {
        self.directories[ROOT].cached.remove(name);
        if let Some(node) = other.directories[ROOT].cached.get(name) {
            let node = self.copy(*node, other, files);
            self.directories[ROOT].cached.insert(name.to_owned(), node);
        }
        let root = &mut self.directories[ROOT];
        root.durable.clone_from(&root.cached);
    }

    fn copy(&mut self, node: Node, other: &Self, files: &mut impl FnMut(usize) -> usize) -> Node {
        match node {
            Node::File(file) => Node::File(files(file)),
            Node::Directory(directory) => {
                let mut copied = Directory::default();
                for (name, node) in &other.directories[directory].cached {
                    let node = self.copy(*node, other, files);
                    copied.cached.insert(name.clone(), node);
                }
                copied.durable.clone_from(&copied.cached);
                self.directories.push(copied);
                Node::Directory(self.directories.len() - 1)
            }
        }
    }

    fn names(&mut self, place: &Place) -> &mut BTreeMap<String, Node> {
        &mut self.directories[place.0].cached
    }

    fn set(&mut self, (directory, name): Place, node: Node) {
        self.directories[directory].durable.insert(name, node);
    }

    /// Takes a name away, unless it has come to stand for something else meanwhile.
    fn clear(&mut self, (directory, name): &Place, node: Node) {
        let names = &mut self.directories[*directory].durable;
        if names.get(name) == Some(&node) {
            names.remove(name);
        }
    }
}
