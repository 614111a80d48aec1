//! Fonts of the machine, for text whose font the document does not carry. libpdfium lists them when it first needs one,
//! and opens the one that it chooses by its path. In a closed cell no path opens: the files are mapped before, and
//! libpdfium gets their bytes from here. Which font it chooses stays its own decision.

use std::{
    collections::HashMap,
    ffi::{CStr, CString, c_char, c_int, c_uchar, c_uint, c_ulong, c_void},
    fs::File,
    path::Path,
    sync::Arc,
};

use memmap2::Mmap;

use super::{font_names::names_of_faces, library::Library};

/// Where libpdfium looks for fonts on Linux.
pub(crate) const FOLDERS: [&str; 4] =
    ["/usr/share/fonts", "/usr/share/X11/fonts/Type1", "/usr/share/X11/fonts/TTF", "/usr/local/share/fonts"];
/// The files that it takes for fonts, by the ends of their names.
const ENDS: [&str; 3] = ["ttf", "ttc", "otf"];
/// Folders in folders that are looked at.
const DEEPEST: usize = 16;
/// Asks for the whole file of a font, and of a face of a collection.
const WHOLE_FILES: [c_uint; 2] = [0, u32::from_be_bytes(*b"ttcf")];

/// A document of one page that names a font that nobody has: reading it makes libpdfium list those of the machine.
const UNKNOWN_FONT: &[u8] = b"%PDF-1.4\n\
    1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n\
    2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
    3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj\n\
    4 0 obj<</Length 23>>stream\nBT /F 9 Tf (a) Tj ET   \nendstream endobj\n\
    5 0 obj<</Type/Font/Subtype/TrueType/BaseFont/QuireUnlisted>>endobj\n\
    trailer<</Root 1 0 R>>";

/// `FPDF_SYSFONTINFO` of libpdfium, version 1.
#[repr(C)]
#[derive(Clone, Copy)]
struct FontInfo {
    version: c_int,
    release: Option<unsafe extern "C" fn(*mut Self)>,
    enum_fonts: Option<unsafe extern "C" fn(*mut Self, *mut c_void)>,
    map_font:
        Option<unsafe extern "C" fn(*mut Self, c_int, c_int, c_int, c_int, *const c_char, *mut c_int) -> *mut c_void>,
    get_font: Option<unsafe extern "C" fn(*mut Self, *const c_char) -> *mut c_void>,
    get_font_data: Option<unsafe extern "C" fn(*mut Self, *mut c_void, c_uint, *mut c_uchar, c_ulong) -> c_ulong>,
    get_face_name: Option<unsafe extern "C" fn(*mut Self, *mut c_void, *mut c_char, c_ulong) -> c_ulong>,
    get_font_charset: Option<unsafe extern "C" fn(*mut Self, *mut c_void) -> c_int>,
    delete_font: Option<unsafe extern "C" fn(*mut Self, *mut c_void)>,
}

/// What libpdfium is given in place of its own: the same answers, and mapped bytes.
#[repr(C)]
struct Mapped {
    /// First, so that a pointer to it is one to the whole.
    info: FontInfo,
    own: *mut FontInfo,
    /// Files by libpdfium's handle of a face.
    files: HashMap<usize, Arc<Mmap>>,
}

/// Maps the fonts of the machine, and makes libpdfium read them there. Returns how many bytes of address space they take.
pub(in crate::render) fn map_fonts(library: Library) -> u64 {
    let files: Vec<Arc<Mmap>> = FOLDERS.into_iter().flat_map(|folder| map_below(Path::new(folder), 0)).collect();
    if files.is_empty() {
        return 0;
    }
    let bytes = files.iter().map(|file| file.len() as u64).sum();
    // SAFETY: the library is loaded.
    let own: *mut FontInfo = unsafe { library.FPDF_GetDefaultSystemFontInfo() }.cast();
    if own.is_null() {
        return bytes;
    }
    // SAFETY: libpdfium has returned a pointer to such a structure, which it never moves.
    let theirs = unsafe { *own };
    let info = FontInfo {
        version: 1,
        release: None,
        enum_fonts: theirs.enum_fonts.is_some().then_some(enum_fonts),
        map_font: theirs.map_font.is_some().then_some(map_font),
        get_font: theirs.get_font.is_some().then_some(get_font),
        get_font_data: theirs.get_font_data.is_some().then_some(get_font_data),
        get_face_name: theirs.get_face_name.is_some().then_some(get_face_name),
        get_font_charset: theirs.get_font_charset.is_some().then_some(get_font_charset),
        delete_font: theirs.delete_font.is_some().then_some(delete_font),
    };
    // Never freed: libpdfium keeps the pointer as long as this process lives.
    let mapped = Box::leak(Box::new(Mapped { info, own, files: HashMap::new() }));
    // SAFETY: the structure is what libpdfium expects, and lives as long as the process.
    unsafe { library.FPDF_SetSystemFontInfo((&raw mut mapped.info).cast()) };
    list_fonts(library);
    for file in files {
        for name in names_of_faces(&file) {
            // SAFETY: as above; the name is a text that ends with a zero.
            let handle = unsafe { handle_of(own, &name) };
            // SAFETY: as above; no bytes are asked for, so that no file is opened.
            if WHOLE_FILES.iter().any(|whole| unsafe { own_size(own, handle, *whole) } == file.len() as c_ulong) {
                // The first of two faces of one name is libpdfium's.
                mapped.files.entry(handle as usize).or_insert_with(|| Arc::clone(&file));
            }
        }
    }
    bytes
}

/// Maps the font files of a folder and of the folders in it, in the order in which libpdfium comes to them.
fn map_below(folder: &Path, depth: usize) -> Vec<Arc<Mmap>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_font = || path.extension().is_some_and(|end| ENDS.iter().any(|font| end.eq_ignore_ascii_case(font)));
        if path.is_dir() {
            if depth < DEEPEST {
                found.extend(map_below(&path, depth + 1));
            }
        } else if is_font() {
            // SAFETY: fonts are installed, not written in place. One that is cut while it is mapped ends this process.
            let mapped = File::open(&path).and_then(|file| unsafe { Mmap::map(&file) });
            found.extend(mapped.ok().map(Arc::new));
        }
    }
    found
}

/// Makes libpdfium list the fonts of the machine.
fn list_fonts(library: Library) {
    // SAFETY: the bytes are constant; document and page are closed in turn.
    unsafe {
        let document = library.FPDF_LoadMemDocument64(UNKNOWN_FONT, None);
        if document.is_null() {
            return;
        }
        let page = library.FPDF_LoadPage(document, 0);
        if !page.is_null() {
            library.FPDF_ClosePage(page);
        }
        library.FPDF_CloseDocument(document);
    }
}

/// Asks libpdfium for its handle of a face.
///
/// # Safety
/// `own` is libpdfium's structure.
unsafe fn handle_of(own: *mut FontInfo, name: &CString) -> *mut c_void {
    // SAFETY: see above.
    match unsafe { (*own).get_font } {
        // SAFETY: see above; the name lives until the call returns.
        Some(get_font) => unsafe { get_font(own, name.as_ptr()) },
        None => std::ptr::null_mut(),
    }
}

/// Asks libpdfium how many bytes it would read of a font.
///
/// # Safety
/// `own` is libpdfium's structure, and `font` a handle of it or null.
unsafe fn own_size(own: *mut FontInfo, font: *mut c_void, table: c_uint) -> c_ulong {
    // SAFETY: see above.
    match unsafe { (*own).get_font_data } {
        // SAFETY: see above; without room nothing is written.
        Some(size) if !font.is_null() => unsafe { size(own, font, table, std::ptr::null_mut(), 0) },
        _ => 0,
    }
}

/// Returns what stands behind the pointer that libpdfium was given.
///
/// # Safety
/// `this` is the pointer that [`map_fonts`] has handed to libpdfium, which calls from one thread.
unsafe fn mapped<'a>(this: *mut FontInfo) -> &'a Mapped {
    // SAFETY: see above; `info` is the first field.
    unsafe { &*this.cast::<Mapped>() }
}

unsafe extern "C" fn enum_fonts(this: *mut FontInfo, mapper: *mut c_void) {
    // SAFETY: libpdfium calls with its own pointers, which go on to its own function.
    unsafe {
        let own = mapped(this).own;
        if let Some(call) = (*own).enum_fonts {
            call(own, mapper);
        }
    }
}

unsafe extern "C" fn map_font(
    this: *mut FontInfo,
    weight: c_int,
    italic: c_int,
    charset: c_int,
    pitch_family: c_int,
    face: *const c_char,
    exact: *mut c_int,
) -> *mut c_void {
    // SAFETY: libpdfium calls with its own pointers, which go on to its own function.
    unsafe {
        let own = mapped(this).own;
        (*own)
            .map_font
            .map_or(std::ptr::null_mut(), |call| call(own, weight, italic, charset, pitch_family, face, exact))
    }
}

unsafe extern "C" fn get_font(this: *mut FontInfo, face: *const c_char) -> *mut c_void {
    // SAFETY: libpdfium calls with its own pointers, which go on to its own function.
    unsafe { handle_of(mapped(this).own, &CStr::from_ptr(face).to_owned()) }
}

unsafe extern "C" fn get_font_data(
    this: *mut FontInfo,
    font: *mut c_void,
    table: c_uint,
    buffer: *mut c_uchar,
    room: c_ulong,
) -> c_ulong {
    // SAFETY: libpdfium calls with its own pointers; `buffer` is null or has `room` bytes.
    unsafe {
        let mapped = mapped(this);
        let needed = own_size(mapped.own, font, table);
        if buffer.is_null() || room < needed {
            return needed;
        }
        match mapped.files.get(&(font as usize)) {
            Some(file) if WHOLE_FILES.contains(&table) && needed == file.len() as c_ulong => {
                std::ptr::copy_nonoverlapping(file.as_ptr(), buffer, file.len());
                needed
            }
            _ => (*mapped.own).get_font_data.map_or(0, |call| call(mapped.own, font, table, buffer, room)),
        }
    }
}

unsafe extern "C" fn get_face_name(
    this: *mut FontInfo,
    font: *mut c_void,
    buffer: *mut c_char,
    room: c_ulong,
) -> c_ulong {
    // SAFETY: libpdfium calls with its own pointers, which go on to its own function.
    unsafe {
        let own = mapped(this).own;
        (*own).get_face_name.map_or(0, |call| call(own, font, buffer, room))
    }
}

unsafe extern "C" fn get_font_charset(this: *mut FontInfo, font: *mut c_void) -> c_int {
    // SAFETY: libpdfium calls with its own pointers, which go on to its own function.
    unsafe {
        let own = mapped(this).own;
        (*own).get_font_charset.map_or(0, |call| call(own, font))
    }
}

unsafe extern "C" fn delete_font(this: *mut FontInfo, font: *mut c_void) {
    // SAFETY: libpdfium calls with its own pointers, which go on to its own function.
    unsafe {
        let own = mapped(this).own;
        if let Some(call) = (*own).delete_font {
            call(own, font);
        }
    }
}
