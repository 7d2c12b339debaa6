//! The part of a text guest's memory that holds its answers, as bytes: see `tests/guests/wat/fine.wat`.

/// The start of the answers: from the description (1024) past the results of needs (2048) and evaluate (3072).
pub const AT: u32 = 1024;
/// The length of the answers.
pub const BYTES: usize = 4096;

/// An address, and the words at it.
type Words<'a> = (usize, &'a [u32]);

/// Memory images of a plain answer, of refusals and of an answer that uses every field.
pub fn seeds() -> impl Iterator<Item = (String, Vec<u8>)> {
    // The texts `wat`, `1.0.0`, `Is text`, `Fine` and `All is fine` lie below this part.
    let description: Words<'_> = (1024, &[16, 3, 32, 5, 48, 7]);
    let fine: [Words<'_>; 2] = [(3072, &[0, 3136, 1]), (3136, &[0, 0, 0, 64, 4, 80, 11])];
    let refused: [Words<'_>; 2] = [(2048, &[1, 80, 11]), (3072, &[1, 80, 11])];
    let full: [Words<'_>; 8] = [
        (1024, &[16, 3, 32, 5, 48, 7, 4096, 1, 4608, 1]),
        // A setting with a text as its default, and a pair of labels.
        (4096, &[64, 4, 80, 11, 1, 0, 2, 0, 64, 4, 4608, 1]),
        (4608, &[16, 3, 48, 7]),
        (2048, &[0, 4352, 1]),
        (4352, &[64, 4, 4608, 1, 60]),
        (3072, &[0, 3136, 2]),
        (3136, &[2, 16, 3, 64, 4, 80, 11, 4864, 1, 4608, 1, 1, 0, 0, 64, 4, 80, 11, 4864, 1, 4608, 1]),
        // A measure with both limits.
        (4864, &[64, 4, 0, 0x3ff0_0000, 16, 3, 1, 0, 0, 0x3ff0_0000, 1, 0, 0, 0x3ff0_0000]),
    ];
    [
        ("fine", [&[description], &fine[..]].concat()),
        ("refused", [&[description], &refused[..]].concat()),
        ("full", full.to_vec()),
    ]
    .into_iter()
    .map(|(name, words)| (name.to_owned(), memory(&words)))
}

fn memory(words: &[Words<'_>]) -> Vec<u8> {
    let mut memory = vec![0; BYTES];
    for (at, words) in words {
        for (place, word) in memory[at - AT as usize..].chunks_exact_mut(4).zip(*words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
    }
    memory
}

/// Cuts or pads bytes to the length of the answers.
pub fn filled(bytes: &[u8]) -> Vec<u8> {
    let mut memory = bytes[..bytes.len().min(BYTES)].to_vec();
    memory.resize(BYTES, 0);
    memory
}
