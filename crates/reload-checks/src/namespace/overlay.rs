//! Covers a tree by an overlay whose upper layer has the staged files.
//!
//! An overlay does not show the mounts below its lower layer, such as a volume of a container. So
//! each of them is covered by an overlay of its own, or mounted again.

use std::fs;
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::unistd::Uid;

use super::error::NamespaceError;
use super::mount_points;
use super::new_file::{self, NewFile};
use super::scratch::{Handle, Scratch};
use crate::staged::TreeFiles;

/// A directory that gets an overlay: the tree, or a file system that is mounted in it.
#[derive(Debug)]
struct Layer {
    /// Its path.
    path: PathBuf,
    /// The files and directories below, before they are covered.
    lower: Handle,
    /// The upper layer.
    upper: PathBuf,
    /// `true` if the upper layer has a staged file.
    has_files: bool,
}

/// Covers the tree. If that fails, removes the mounts that it has created.
pub(super) fn cover(
    tree_files: &TreeFiles,
    new: &[NewFile],
    scratch: &Scratch,
) -> Result<(), NamespaceError> {
    let mut layers = vec![layer(&tree_files.real, scratch, 0)?];
    let mut files = Vec::new();
    for (number, point) in mount_points::below(&tree_files.real)?.iter().enumerate() {
        let Ok(lower) = Handle::open(point) else {
            continue; // It is covered by another mount.
        };
        if lower.is_directory() {
            layers.push(layer(point, scratch, number + 1)?);
        } else if !new
            .iter()
            .any(|file| *point == tree_files.real.join(&file.relative))
        {
            files.push((point.clone(), lower));
        }
    }
    for file in new {
        let path = tree_files.real.join(&file.relative);
        // The last layer that contains the file is the innermost one.
        let layer = layers
            .iter_mut()
            .rfind(|layer| path.starts_with(&layer.path));
        if let Some(layer) = layer {
            layer.has_files = true;
            place(layer, &path, file)?;
        }
    }
    let mut mounted = Vec::new();
    let result = mount_all(&layers, &files, scratch, &mut mounted);
    if result.is_err() {
        for path in mounted.iter().rev() {
            let _ = umount2(*path, MntFlags::MNT_DETACH);
        }
    }
    result
}

fn layer(path: &Path, scratch: &Scratch, number: usize) -> Result<Layer, NamespaceError> {
    let upper = scratch.directory(&format!("upper-{number}"))?;
    let metadata = fs::symlink_metadata(path).map_err(NamespaceError::when("read", path))?;
    new_file::give_attributes(&upper, &metadata)
        .map_err(NamespaceError::when("set the mode of", &upper))?;
    Ok(Layer {
        path: path.to_owned(),
        lower: Handle::open(path)?,
        upper,
        has_files: false,
    })
}

/// Puts a copy of a staged file into the upper layer.
fn place(layer: &Layer, path: &Path, file: &NewFile) -> Result<(), NamespaceError> {
    let relative = path.strip_prefix(&layer.path).unwrap_or(path);
    let (mut upper, mut lower) = (layer.upper.clone(), layer.path.clone());
    for name in relative.parent().into_iter().flatten() {
        upper.push(name);
        lower.push(name);
        new_file::create_directory(&upper, &lower)?;
    }
    file.copy_to(&layer.upper.join(relative))
}

fn mount_all<'a>(
    layers: &'a [Layer],
    files: &'a [(PathBuf, Handle)],
    scratch: &Scratch,
    mounted: &mut Vec<&'a Path>,
) -> Result<(), NamespaceError> {
    for (number, layer) in layers.iter().enumerate() {
        let work = scratch.directory(&format!("work-{number}"))?;
        match mount_overlay(layer, &work) {
            // A file system that is no possible lower layer is shown as it is.
            Err(_) if number > 0 && !layer.has_files => layer.lower.bind(&layer.path)?,
            result => result?,
        }
        mounted.push(&layer.path);
    }
    for (path, file) in files {
        file.bind(path)?;
        mounted.push(path);
    }
    Ok(())
}

fn mount_overlay(layer: &Layer, work: &Path) -> Result<(), NamespaceError> {
    let directories = format!(
        "lowerdir={},upperdir={},workdir={}",
        layer.lower.path().display(),
        layer.upper.display(),
        work.display()
    );
    // In a user namespace, an overlay can keep its records in `user` attributes only. Old kernels
    // do not have this option.
    let options = if Uid::effective().is_root() {
        vec![directories]
    } else {
        vec![format!("{directories},userxattr"), directories]
    };
    let mut result = Ok(());
    for options in options {
        result = mount(
            Some("reload-checks"),
            &layer.path,
            Some("overlay"),
            MsFlags::empty(),
            Some(options.as_str()),
        );
        if result.is_ok() {
            break;
        }
    }
    result.map_err(NamespaceError::when("mount an overlay at", &layer.path))
}
