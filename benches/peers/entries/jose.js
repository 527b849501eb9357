export { generateKeyPair, jwtVerify, SignJWT } from 'jose'
