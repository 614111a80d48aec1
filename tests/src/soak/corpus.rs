//! The documents and the jobs that a soak run publishes.

use quire_producer::schemas::{
    failure::ErrorCode,
    job::{ImageOptions, Job, JobId, Password, Source},
};

use super::{
    QUERY_SECRET, WRONG_PASSWORD,
    operation::{GivenPassword, Poison},
};
use crate::{World, auditor::Expected, documents::pdf, samples};

/// Small enough that the faults, not the drawing, take the time.
const DPI: [u32; 2] = [36, 50];

/// What is published, uploaded once for all: nothing can be uploaded while the store is away.
pub(super) struct Corpus {
    good: Vec<Source>,
    encrypted: Source,
    not_a_pdf: Source,
    damaged: Source,
}

impl Corpus {
    pub(super) async fn upload(world: &World) -> Self {
        let [one, six] = [plain(1), plain(6)];
        let mut good = Vec::new();
        for document in [one, samples::report(), samples::rotated(), six, samples::scanned()] {
            good.push(world.upload(document).await);
        }
        // Every other one has a single page.
        let [one, report, rotated, six, scanned]: [Source; 5] = good.try_into().expect("five were uploaded");
        Self {
            good: vec![one.clone(), report, one.clone(), rotated, one.clone(), six, one, scanned],
            encrypted: world.upload(samples::encrypted()).await,
            not_a_pdf: world.upload(b"GIF89a, and therefore something else".to_vec()).await,
            damaged: world.upload(b"%PDF-1.7 garbage".to_vec()).await,
        }
    }

    /// Returns the good job with this number, each with an id of its own.
    pub(super) fn good(&self, number: usize) -> (Job, Expected) {
        let dpi = DPI[number / self.good.len() % DPI.len()];
        (job(self.good[number % self.good.len()].clone(), dpi), Expected::Success)
    }

    pub(super) fn poison(&self, poison: Poison) -> (Job, Expected) {
        let (source, code) = match poison {
            Poison::NotAPdf => (&self.not_a_pdf, ErrorCode::NotAPdf),
            Poison::Damaged => (&self.damaged, ErrorCode::InvalidDocument),
        };
        (job(source.clone(), DPI[0]), Expected::Failure(code))
    }

    pub(super) fn encrypted(&self, password: GivenPassword) -> (Job, Expected) {
        let job = job(self.encrypted.clone(), DPI[0]);
        match password {
            GivenPassword::None => (job, Expected::Failure(ErrorCode::PasswordRequired)),
            GivenPassword::Wrong => {
                let password = Some(Password::new(WRONG_PASSWORD));
                (Job { password, ..job }, Expected::Failure(ErrorCode::PasswordWrong))
            }
        }
    }

    /// The address is never requested: no host is allowed.
    pub(super) fn blocked() -> (Job, Expected) {
        let url = format!("http://127.0.0.1:1/a.pdf?signature={QUERY_SECRET}");
        (job(Source::Url { url }, DPI[0]), Expected::Failure(ErrorCode::SourceBlocked))
    }
}

fn job(source: Source, dpi: u32) -> Job {
    let images = Some(ImageOptions { dpi, ..ImageOptions::default() });
    Job { job_id: Some(JobId::generate()), images, ..Job::new(source) }
}

/// Writes a document of pages with a few lines of text each.
fn plain(pages: usize) -> Vec<u8> {
    const FIRST_PAGE: usize = 4;
    let kids: Vec<String> = (0..pages).map(|page| format!("{} 0 R", FIRST_PAGE + 2 * page)).collect();
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!("<< /Type /Pages /Kids [{}] /Count {pages} >>", kids.join(" ")),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    for page in 0..pages {
        let lines: String = (1..=12).map(|line| format!("(Line {line} of page {}) '\n", page + 1)).collect();
        let text = format!("BT /F1 14 Tf 20 TL 72 760 Td\n{lines}ET");
        let (resources, content) = ("<< /Font << /F1 3 0 R >> >>", FIRST_PAGE + 2 * page + 1);
        let sheet = format!("/MediaBox [0 0 595 842] /Resources {resources} /Contents {content} 0 R");
        objects.push(format!("<< /Type /Page /Parent 2 0 R {sheet} >>"));
        objects.push(format!("<< /Length {} >>\nstream\n{text}\nendstream", text.len()));
    }
    pdf(&objects)
}
