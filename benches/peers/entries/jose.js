export * from 'jose'
