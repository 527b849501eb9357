//! Properties of the ratchet: what is sealed opens, a flipped bit opens nothing, a failure leaves nothing behind.

mod support;

use support::Random;
use talos_kernel::{
    AeadOptions, Error, OpenInput, ReceiveInput, Received, SealInput, aead_seal, hmac_sha256, ratchet_advance,
    ratchet_forward, ratchet_open, ratchet_receive, ratchet_receive_length, ratchet_seal, ratchet_seal_length,
    ratchet_step,
};

/// A message and all that made it.
struct Sample {
    chain_key: Vec<u8>,
    header_key: Vec<u8>,
    nonce: Vec<u8>,
    header: Vec<u8>,
    associated_data: Vec<u8>,
    prefix: Vec<u8>,
    content: Vec<u8>,
    padded_bytes: usize,
}

impl Sample {
    fn new(random: &mut Random, content_bytes: usize, padding_bytes: usize) -> Self {
        let (header_bytes, associated_bytes, prefix_bytes) =
            (1 + random.below(100), random.below(700), random.below(60));
        Self {
            chain_key: random.bytes(32),
            header_key: random.bytes(32),
            nonce: random.bytes(12),
            header: random.bytes(header_bytes),
            associated_data: random.bytes(associated_bytes),
            prefix: random.bytes(prefix_bytes),
            content: random.bytes(content_bytes),
            padded_bytes: content_bytes + padding_bytes,
        }
    }

    fn seal_input(&self) -> SealInput<'_> {
        SealInput {
            chain_key: &self.chain_key,
            header_key: &self.header_key,
            nonce: &self.nonce,
            header: &self.header,
            associated_data: &self.associated_data,
            prefix: &self.prefix,
            content: &self.content,
            padded_bytes: self.padded_bytes,
        }
    }

    fn receive_input<'a>(&'a self, message: &'a [u8]) -> ReceiveInput<'a> {
        ReceiveInput {
            header_key: &self.header_key,
            chain_key: &self.chain_key,
            expected_header: &self.header,
            associated_data: &self.associated_data,
            message,
            prefix_bytes: self.prefix.len(),
        }
    }
}

fn sealed(input: &SealInput<'_>) -> Result<(Vec<u8>, [u8; 32]), Error> {
    let mut message = vec![0xaa; ratchet_seal_length(input)?];
    let mut next = [0xaa; 32];
    ratchet_seal(input, &mut message, &mut next)?;
    Ok((message, next))
}

/// What a receiver gets, over outputs that were full of something else.
fn received(input: &ReceiveInput<'_>) -> (Result<Received, Error>, Vec<u8>, [u8; 32]) {
    let mut out = match ratchet_receive_length(input) {
        Ok(length) => vec![0xaa; length],
        Err(error) => return (Err(error), Vec::new(), [0; 32]),
    };
    let mut next = [0xaa; 32];
    let answer = ratchet_receive(input, &mut out, &mut next);
    (answer, out, next)
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == 0)
}

fn hmac(key: &[u8], data: &[u8]) -> [u8; 32] {
    let mut mac = [0; 32];
    hmac_sha256(key, data, &mut mac);
    mac
}

#[test]
fn a_sealed_message_is_what_the_specification_puts_together_from_primitives() {
    let mut random = Random::new(10);
    for content_bytes in [0, 1, 100, 3500, 3600, 70_000] {
        let sample = Sample::new(&mut random, content_bytes, 1 + content_bytes % 7);
        let (message, next) = sealed(&sample.seal_input()).expect("seals");
        let message_key = hmac(&sample.chain_key, &[1]);
        assert_eq!(next, hmac(&sample.chain_key, &[2]));
        let key = hmac(&message_key, b"talos/ts1/mk\x01");
        let commitment = hmac(&message_key, &[&key[..], b"talos/ts1/mk\x02"].concat());
        let seal = |key: &[u8], associated_data: &[u8], plaintext: &[u8]| {
            let mut out = vec![0; plaintext.len() + 16];
            let options = AeadOptions { key, nonce: &sample.nonce, associated_data };
            aead_seal(&options, plaintext, &mut out).expect("seals");
            out
        };
        let head = seal(&sample.header_key, &sample.associated_data, &sample.header);
        let mut padded = sample.content.clone();
        padded.push(0x80);
        padded.resize(sample.padded_bytes, 0);
        let body = seal(&key, &[&sample.associated_data[..], &head, &commitment].concat(), &padded);
        assert_eq!(message, [&sample.prefix[..], &sample.nonce, &head, &commitment, &body].concat());
    }
}

#[test]
fn what_is_sealed_is_received_in_order_and_opened_by_its_key() {
    let mut random = Random::new(11);
    for round in 0..300 {
        let (content_bytes, padding_bytes) = (random.below(2000), 1 + random.below(300));
        let sample = Sample::new(&mut random, content_bytes, padding_bytes);
        let (message, next) = sealed(&sample.seal_input()).expect("seals");
        let (answer, out, after) = received(&sample.receive_input(&message));
        assert_eq!(answer, Ok(Received::Opened { content_bytes }), "round {round}");
        assert!(out[..content_bytes] == sample.content && is_zero(&out[content_bytes..]) && after == next);

        let (head, ciphertext) = message[sample.prefix.len() + 12..].split_at(sample.header.len() + 16 + 32);
        let (header, commitment) = head.split_at(sample.header.len() + 16);
        let message_key = hmac(&sample.chain_key, &[1]);
        let open = OpenInput {
            message_key: &message_key,
            nonce: &sample.nonce,
            associated_data: &sample.associated_data,
            header,
            commitment,
            ciphertext,
        };
        let mut out = vec![0xaa; ciphertext.len() - 16];
        assert_eq!(ratchet_open(&open, &mut out), Ok(content_bytes));
        assert!(out[..content_bytes] == sample.content && is_zero(&out[content_bytes..]));
        let wrong = OpenInput { message_key: &sample.chain_key, ..open };
        assert_eq!(ratchet_open(&wrong, &mut out), Err(Error::Authentication));
        assert!(is_zero(&out), "a failed opening leaves something");
    }
}

#[test]
fn a_message_with_any_one_bit_flipped_is_not_opened_and_leaves_nothing() {
    let mut random = Random::new(12);
    let sample = Sample::new(&mut random, 40, 9);
    let (message, _) = sealed(&sample.seal_input()).expect("seals");
    let header_end = sample.prefix.len() + 12 + sample.header.len() + 16;
    for bit in 8 * sample.prefix.len()..8 * message.len() {
        let mut forged = message.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        let (answer, out, next) = received(&sample.receive_input(&forged));
        let expected = if bit / 8 < header_end { Ok(Received::OtherKey) } else { Err(Error::Authentication) };
        assert_eq!(answer, expected, "bit {bit}");
        assert!(is_zero(&out) && is_zero(&next), "bit {bit} leaves something");
    }
}

#[test]
fn a_message_cut_short_or_lengthened_is_not_opened() {
    let mut random = Random::new(13);
    let sample = Sample::new(&mut random, 40, 9);
    let (message, _) = sealed(&sample.seal_input()).expect("seals");
    let around = message.len() - sample.padded_bytes;
    for length in 0..message.len() {
        let (answer, out, next) = received(&sample.receive_input(&message[..length]));
        let expected = if length < around { Error::Argument("message") } else { Error::Authentication };
        assert_eq!(answer, Err(expected), "{length} bytes");
        assert!(is_zero(&out) && is_zero(&next));
    }
    let longer = [&message[..], &[0]].concat();
    assert_eq!(received(&sample.receive_input(&longer)).0, Err(Error::Authentication));
}

#[test]
fn another_header_is_shown_and_another_key_shows_nothing() {
    let mut random = Random::new(14);
    let sample = Sample::new(&mut random, 10, 3);
    let (message, _) = sealed(&sample.seal_input()).expect("seals");
    let mut expected_header = sample.header.clone();
    expected_header[0] ^= 1;
    let input = ReceiveInput { expected_header: &expected_header, ..sample.receive_input(&message) };
    let (answer, out, next) = received(&input);
    let header_bytes = sample.header.len();
    assert_eq!(answer, Ok(Received::OtherHeader { header_bytes }));
    assert!(out[..header_bytes] == sample.header && is_zero(&out[header_bytes..]) && is_zero(&next));

    let header_key = random.bytes(32);
    let (answer, out, next) = received(&ReceiveInput { header_key: &header_key, ..sample.receive_input(&message) });
    assert_eq!(answer, Ok(Received::OtherKey));
    assert!(is_zero(&out) && is_zero(&next));
    let chain_key = random.bytes(32);
    let (answer, out, next) = received(&ReceiveInput { chain_key: &chain_key, ..sample.receive_input(&message) });
    assert_eq!(answer, Err(Error::Authentication));
    assert!(is_zero(&out) && is_zero(&next));
}

/// A message like the sample's whose body is put together by hand, from any padded content and commitment.
fn forged(sample: &Sample, padded: &[u8], commitment: Option<[u8; 32]>) -> Vec<u8> {
    let message_key = hmac(&sample.chain_key, &[1]);
    let key = hmac(&message_key, b"talos/ts1/mk\x01");
    let own_commitment = hmac(&message_key, &[&key[..], b"talos/ts1/mk\x02"].concat());
    let commitment = commitment.unwrap_or(own_commitment);
    let (message, _) = sealed(&sample.seal_input()).expect("seals");
    let (nonce_at, header_end) = (sample.prefix.len(), sample.prefix.len() + 12 + sample.header.len() + 16);
    let associated_data = [&sample.associated_data[..], &message[nonce_at + 12..header_end], &commitment].concat();
    let mut body = vec![0; padded.len() + 16];
    let options = AeadOptions { key: &key, nonce: &sample.nonce, associated_data: &associated_data };
    aead_seal(&options, padded, &mut body).expect("seals");
    [&message[..header_end], &commitment, &body].concat()
}

#[test]
fn an_authentic_message_without_a_padding_mark_is_refused_and_wiped() {
    let sample = Sample::new(&mut Random::new(15), 0, 1);
    for padded in [vec![], vec![0; 20], vec![0x80, 1], vec![1, 2, 3, 0, 0]] {
        let (answer, out, next) = received(&sample.receive_input(&forged(&sample, &padded, None)));
        assert_eq!(answer, Err(Error::Padding), "{padded:?}");
        assert!(is_zero(&out) && is_zero(&next));
    }
}

#[test]
fn a_message_that_commits_to_another_key_is_refused_although_its_tag_is_right() {
    let sample = Sample::new(&mut Random::new(19), 0, 1);
    let honest = forged(&sample, &[7, 0x80], None);
    assert_eq!(received(&sample.receive_input(&honest)).0, Ok(Received::Opened { content_bytes: 1 }));
    let (answer, out, next) = received(&sample.receive_input(&forged(&sample, &[7, 0x80], Some([5; 32]))));
    assert_eq!(answer, Err(Error::Authentication));
    assert!(is_zero(&out) && is_zero(&next));
}

#[test]
fn lengths_one_off_are_arguments_and_touch_no_output() {
    let mut random = Random::new(16);
    let sample = Sample::new(&mut random, 20, 4);
    let seal = sample.seal_input();
    let (message, _) = sealed(&seal).expect("seals");
    for length in [31, 33] {
        let other = vec![1; length];
        assert_eq!(sealed(&SealInput { chain_key: &other, ..seal }).err(), Some(Error::Argument("chainKey")));
        assert_eq!(sealed(&SealInput { header_key: &other, ..seal }).err(), Some(Error::Argument("headerKey")));
        let receive = sample.receive_input(&message);
        for (input, name) in [
            (ReceiveInput { chain_key: &other, ..receive }, "chainKey"),
            (ReceiveInput { header_key: &other, ..receive }, "headerKey"),
        ] {
            assert_eq!(received(&input).0, Err(Error::Argument(name)));
        }
        let (mut first, mut second) = ([0xaa; 32], [0xaa; 32]);
        assert_eq!(ratchet_step(&other, &mut first, &mut second), Err(Error::Argument("chainKey")));
        assert_eq!(ratchet_forward(&other, 1, &mut first), Err(Error::Argument("chainKey")));
        assert_eq!(ratchet_advance(&other, &mut [0; 32], &mut first), Err(Error::Argument("chainKey")));
        assert_eq!((first, second), ([0xaa; 32], [0xaa; 32]));
    }
    for length in [11, 13] {
        assert_eq!(sealed(&SealInput { nonce: &vec![1; length], ..seal }).err(), Some(Error::Argument("nonce")));
    }
    let room = ratchet_seal_length(&seal).expect("a length");
    for length in [room - 1, room + 1] {
        let (mut out, mut next) = (vec![0xaa; length], [0xaa; 32]);
        assert_eq!(ratchet_seal(&seal, &mut out, &mut next), Err(Error::Argument("out")));
        assert!(out.iter().chain(&next).all(|&byte| byte == 0xaa));
    }
    let receive = sample.receive_input(&message);
    let room = ratchet_receive_length(&receive).expect("a length");
    for length in [room - 1, room + 1] {
        assert_eq!(ratchet_receive(&receive, &mut vec![0; length], &mut [0; 32]), Err(Error::Argument("out")));
    }
    assert_eq!(ratchet_advance(&[1; 32], &mut [0; 33], &mut [0; 32]), Err(Error::Argument("messageKeys")));
}

#[test]
fn limits_hold_at_the_limit_and_not_one_past_it() {
    let mut random = Random::new(17);
    let sample = Sample::new(&mut random, 3, 2);
    let seal = sample.seal_input();
    let long = vec![7; (1 << 24) + 1];
    let outcome = |input: SealInput<'_>| {
        let message = sealed(&input)?.0;
        let receive = ReceiveInput {
            expected_header: input.header,
            prefix_bytes: input.prefix.len(),
            ..sample.receive_input(&message)
        };
        received(&receive).0
    };
    let opened = |content_bytes| Ok(Received::Opened { content_bytes });
    assert_eq!(outcome(SealInput { header: &long[..1024], ..seal }), opened(3));
    assert_eq!(outcome(SealInput { header: &long[..1025], ..seal }), Err(Error::Argument("header")));
    assert_eq!(outcome(SealInput { header: &[], ..seal }), Err(Error::Argument("header")));
    assert_eq!(outcome(SealInput { prefix: &long[..4096], ..seal }), opened(3));
    assert_eq!(outcome(SealInput { prefix: &long[..4097], ..seal }), Err(Error::Argument("prefix")));
    let most = 1 << 24;
    let content = &long[..most - 1];
    assert_eq!(outcome(SealInput { content, padded_bytes: most, ..seal }), opened(most - 1));
    assert_eq!(outcome(SealInput { padded_bytes: most + 1, ..seal }), Err(Error::Argument("paddedBytes")));
    assert_eq!(outcome(SealInput { padded_bytes: 3, ..seal }), Err(Error::Argument("paddedBytes")));
    assert_eq!(outcome(SealInput { padded_bytes: 4, ..seal }), opened(3));

    let receive = sample.receive_input(&long);
    assert_eq!(received(&ReceiveInput { prefix_bytes: 4097, ..receive }).0, Err(Error::Argument("prefixBytes")));
    let past = vec![7; most + 12 + 17 + 32 + 16 + 1];
    let receive = ReceiveInput { message: &past, expected_header: &[1], prefix_bytes: 0, ..receive };
    assert_eq!(received(&receive).0, Err(Error::Argument("message")));
    assert_eq!(received(&ReceiveInput { message: &past[1..], ..receive }).0, Ok(Received::OtherKey));
    assert_eq!(ratchet_forward(&[1; 32], 4097, &mut [0; 32]), Err(Error::Parameter("steps")));
    assert_eq!(ratchet_advance(&[1; 32], &mut vec![0; 32 * 4097], &mut [0; 32]), Err(Error::Parameter("steps")));
}

#[test]
fn going_forward_and_advancing_are_as_many_steps_as_said() {
    let mut random = Random::new(18);
    let start: [u8; 32] = random.array();
    let (mut chain_key, mut message_keys) = (start, Vec::new());
    for steps in 0..=100 {
        let (mut after, mut advanced, mut made) = ([0; 32], [0; 32], vec![0; 32 * steps]);
        ratchet_forward(&start, steps, &mut after).expect("goes forward");
        ratchet_advance(&start, &mut made, &mut advanced).expect("advances");
        assert_eq!((after, advanced, &made), (chain_key, chain_key, &message_keys));
        message_keys.extend(hmac(&chain_key, &[1]));
        chain_key = hmac(&chain_key, &[2]);
    }
    ratchet_forward(&start, 4096, &mut chain_key).expect("the most steps");
}
